"""The files that documents are read from: uploading them, and handing out the originals."""

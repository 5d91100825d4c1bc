# ruff: noqa: N818  (the names say what happened)
"""What keeps a file from being uploaded or handed out."""

from service.errors import ServiceError


class UploadsOff(ServiceError):
    """This server is not set up for uploads; the text says what is missing."""

    code = "uploads-not-configured"
    status = 409


class BadUpload(ServiceError):
    """Not a form with one file, or a file that no name can be made for."""

    code = "bad-upload"
    status = 422


class KindNotRead(BadUpload):
    """No reader takes such files, or the corpus leaves them out."""

    code = "kind-not-read"
    status = 415


class FileTooLarge(ServiceError):
    """Larger than the site allows."""

    code = "file-too-large"
    status = 413


class SlowUpload(ServiceError):
    """The file did not arrive in time, or was cut off."""

    code = "slow-upload"
    status = 408


class NameTaken(ServiceError):
    """A file of this name is there already, and nobody said that it is to be replaced."""

    code = "name-taken"
    status = 409


class DocumentIdTaken(ServiceError):
    """Another file gives a document of the same id."""

    code = "document-id-taken"
    status = 409


class StorageFailed(ServiceError):
    """The disk would not take it."""

    code = "storage-failed"
    status = 507


class NoOriginal(ServiceError):
    """The file is not there, or not in a folder that files are handed out of."""

    code = "no-original"
    status = 404


class OriginalChanged(ServiceError):
    """It is another file than the one that was indexed."""

    code = "original-changed"
    status = 409

"""The rating workbench: blinded studies of case answers. Its own app, port and database."""

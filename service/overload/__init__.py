"""What keeps a loaded server useful: a bounded queue, bounded connections, and an orderly end."""

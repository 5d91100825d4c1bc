"""Work that outlives the request that asked for it: a child process each, found again after a restart."""

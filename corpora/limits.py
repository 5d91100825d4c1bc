"""Fixed bounds of what one file may be; those that a site may change are ``ReaderLimits``.

Every reader of a binary or marked-up format works in a process of its own under both, so that a hostile
file ends as one line of a report. A file that holds many documents (PubMed, MediaWiki) gets processor
time and inflation anew for each.
"""

MAX_INFLATED = 200 * 2**20
"""Bytes that compressed contents may grow to."""

MAX_ANSWER = 128 * 2**20
"""Bytes of one document as JSON, read by the parent before it gives up."""

FILES_PER_PROCESS = 200
"""After which a reader's process is replaced, so that a library's leaks stay small."""

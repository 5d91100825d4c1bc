"""What one file may cost while it is read. Every reader of a binary or marked-up format works in a
process of its own under these limits, so that a hostile file ends as one line of a report.

A file that holds many documents (PubMed, MediaWiki) gets processor time and inflation anew for each.
"""

MEMORY_BYTES = 2**30
"""Address space of a reader's process."""

CPU_SECONDS = 30
"""For one file, or for one document of many."""

SILENCE_SECONDS = 90.0
"""Wall time without any answer, after which the process is ended: a reader that waits, not computes."""

MAX_INFLATED = 200 * 2**20
"""Bytes that compressed contents may grow to."""

MAX_ANSWER = 128 * 2**20
"""Bytes of one document as JSON, read by the parent before it gives up."""

FILES_PER_PROCESS = 200
"""After which a reader's process is replaced, so that a library's leaks stay small."""

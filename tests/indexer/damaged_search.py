"""Search one index over and over, each time with other bytes of one file changed; a process of its own.

    python -m tests.indexer.damaged_search FOLDER compiled|numpy|files SEED

Every line says which file and which bytes, before they are searched: after a crash the last one names them.
The end is one line of JSON: how many searches gave hits, how many were refused.
"""

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

from indexer import BlockIndex, LexicalIndex
from indexer.errors import IndexCorrupt
from indexer.strings import SortedStrings

ROWS = 300
QUERIES = (["語0", "語1", "語2"], ["語30", "語3", "語59", "語7"], ["語0"], ["無い語"])
EXTREMES = (b"\xff" * 8, b"\xff" * 7 + b"\x7f", b"\x00" * 8, b"\x00" * 7 + b"\x80", b"\x01" + b"\x00" * 7)
HEADER = 128


def changes(content: bytes, random: Random) -> Iterator[bytes]:
    """The content with one bit, one byte or one aligned word changed; the length stays."""
    sites = [*random.sample(range(HEADER), 10)]
    body = range(HEADER, len(content))
    if body:
        sites += [body[0], body[-1], *random.choices(body, k=12)]
    for site in sites:
        one = bytes([content[site] ^ 1 << random.randrange(8)])
        yield content[:site] + one + content[site + 1 :]
        yield content[:site] + random.randbytes(1) + content[site + 1 :]
        if site >= HEADER:
            word = site // 8 * 8
            whole = random.choice(EXTREMES)[: len(content) - word]
            yield content[:word] + whole + content[word + len(whole) :]


def search_all(folder: Path, ids: SortedStrings, engine: str) -> None:
    index = (
        LexicalIndex.load(folder, ids)
        if engine == "files"
        else BlockIndex.load(folder, ids, use_kernels=engine == "compiled")
    )
    every_third = np.arange(ROWS) % 3 == 0
    for query in QUERIES:
        for k, allowed in ((5, None), (ROWS, every_third)):
            assert len(index.search(query, k, allowed)) <= k
        index.bound(query)
        index.matched(query, [ROWS - 1])


def main() -> None:
    folder, engine, random = Path(sys.argv[1]), sys.argv[2], Random(int(sys.argv[3]))
    warnings.simplefilter("ignore", RuntimeWarning)
    ids = SortedStrings.of(f"{row:06d}" for row in range(ROWS))
    found = refused = 0
    for path in sorted(folder.glob("*.npy")):
        content = path.read_bytes()
        for number, changed in enumerate(changes(content, random)):
            print(path.name, number, [i for i in range(len(content)) if content[i] != changed[i]], flush=True)
            path.write_bytes(changed)
            try:
                search_all(folder, ids, engine)
                found += 1
            except (IndexCorrupt, ValueError):
                refused += 1
        path.write_bytes(content)
    search_all(folder, ids, engine)
    print(json.dumps({"found": found, "refused": refused}))


if __name__ == "__main__":
    main()

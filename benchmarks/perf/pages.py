"""How long the server takes for a page, from the request's first byte to the last of the reply.

    python -m benchmarks.perf.pages --index var/index [--repeats 200]

One connection, one request at a time. The first load is what a browser fetches when it opens the address:
the page, its style sheet and its scripts, one after the other. Bar: 100 ms.
"""

import argparse
import asyncio
import gzip
import json
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.perf.http_load import Connection, summary
from benchmarks.perf.processes import Servers

PAGES = {
    "ask": "/",
    "search": f"/search?q={quote('高カリウム血症 初期対応')}",
    "search_side_by_side": f"/search?side=true&q={quote('高カリウム血症 初期対応')}",
    "documents": "/documents",
    "index": "/index",
}
_PARTS = re.compile(rb'(?:src|href)="(/static/[^"]+)"')


async def measured(port: int, repeats: int) -> dict[str, Any]:
    """Milliseconds a page, and a whole first load with the bytes it takes."""
    connection = Connection(port)
    report: dict[str, Any] = {}
    for name, path in PAGES.items():
        times = []
        for _ in range(repeats):
            reply = await connection.request(path)
            assert reply.status == 200, (path, reply.status)
            times.append(reply.whole_s)
        report[name] = summary(times[repeats // 10 :])
    loads, scripts, whole = [], 0, 0
    for _ in range(repeats):
        page = await connection.request("/")
        spent = page.whole_s
        scripts, whole = 0, len(page.body)
        for part in _PARTS.findall(page.body):
            reply = await connection.request(part.decode())
            spent += reply.whole_s
            whole += len(reply.body)
            if b".js" in part:
                scripts += len(gzip.compress(reply.body))
        loads.append(spent)
    report["first_load"] = {**summary(loads), "bytes": whole, "scripts_gzip_bytes": scripts}
    return report


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    parser.add_argument("--repeats", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port, _ = Servers(stack, arguments.index, Path(folder)).service()
        print(json.dumps(asyncio.run(measured(port, arguments.repeats)), indent=1))


if __name__ == "__main__":
    main()

"""Memory of the service under steady use: the slope of its resident set.

    python -m benchmarks.perf.soak --index var/index --minutes 60

A paced stub model behind it; clients that answer, stream, search, send bad requests and leave in the
middle. The first half fills caches of bounded size (SQLite's pages, analysed words) and is left out of the
slope (least squares, MB a minute).
"""

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.perf.http_load import Connection
from benchmarks.perf.processes import Servers
from benchmarks.perf.service import GROUNDED, ONE_CALL

CLIENTS = 6
_SAMPLE_S = 2.0


def resident_mb(process_id: int) -> float:
    """Resident set of a process."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4_096 / 2**20


async def leaves_early(port: int) -> None:
    """A reader that goes after the first bytes."""
    body = json.dumps({**GROUNDED, "stream": True}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /api/v1/answers HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await reader.read(100)
    writer.close()


async def client(port: int, end: float, counts: dict[int, int]) -> None:
    """One round after the other."""
    connection = Connection(port)
    number = 0
    while time.monotonic() < end:
        number += 1
        for path, body in (
            ("/api/v1/answers", GROUNDED),
            ("/api/v1/answers", {**GROUNDED, "stream": True}),
            ("/api/v1/answers", {**ONE_CALL, "question": f"腎不全の食事療法は？ {number}"}),
            (f"/api/v1/search?q=CKD{number}", None),
            ("/api/v1/search?k=0", None),
            ("/readyz", None),
            ("/metrics", None),
        ):
            reply = await connection.request(path, body)
            counts[reply.status] = counts.get(reply.status, 0) + 1
        with suppress(ConnectionError):
            await leaves_early(port)
    connection.close()


async def soak(port: int, process_id: int, minutes: float) -> dict[str, Any]:
    end = time.monotonic() + 60 * minutes
    counts: dict[int, int] = {}
    clients = [asyncio.create_task(client(port, end, counts)) for _ in range(CLIENTS)]
    began, samples = time.monotonic(), []
    while time.monotonic() < end:
        await asyncio.sleep(_SAMPLE_S)
        samples.append(((time.monotonic() - began) / 60, resident_mb(process_id)))
    await asyncio.gather(*clients)
    kept = np.array(samples[len(samples) // 2 :])
    slope = float(np.polyfit(kept[:, 0], kept[:, 1], 1)[0])
    return {
        "minutes": minutes,
        "slope_mb_per_min": slope,
        "first_mb": samples[0][1],
        "last_mb": samples[-1][1],
        "replies": {str(status): number for status, number in sorted(counts.items())},
    }


def run(index: Path, minutes: float) -> dict[str, Any]:
    """Soak one service."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port, process_id = Servers(stack, index, Path(folder)).service()
        return asyncio.run(soak(port, process_id, minutes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    parser.add_argument("--minutes", type=float, default=60)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.index, arguments.minutes), indent=1))


if __name__ == "__main__":
    main()

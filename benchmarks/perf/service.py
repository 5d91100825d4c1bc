"""What the service costs, as ratios within one run, in front of a stub that is paced like a model.

    python -m benchmarks.perf.service --index var/index --out var/perf/service.json [--only calls search …]

Every server is a process of its own. Processor time is the kernel's, per process; times on the clock are
taken from both sides of a ratio in turns, for other work on the machine reaches both alike.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean, median
from typing import Any
from urllib.parse import quote

import openai

from benchmarks.perf.http_load import Connection, Reply, closed_loop, percentile, summary
from benchmarks.perf.processes import Servers, cpu_s, free_port
from benchmarks.perf.stub_model import MODEL

Report = dict[str, Any]

QUESTION = "高カリウム血症の原因となる薬剤は？"
QUERIES = ("高カリウム血症 初期対応", "ネフローゼ症候群 治療", "急性腎障害 原因", "CKD 重症度", "浮腫 鑑別")
ONE_CALL = {"question": QUESTION, "strategy": "closed_book"}
"""One call to the model and no search."""

GROUNDED = {"question": QUESTION, "strategy": "single"}


async def direct_call(client: openai.AsyncOpenAI) -> None:
    """What a program does that uses the model server itself, streaming as the service does."""
    stream = await client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        stream_options={"include_usage": True},
    )
    async for _ in stream:
        pass


def direct_client(servers: Servers) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{servers.model_port}/v1", api_key="none", max_retries=0
    )


async def calls(servers: Servers, repeats: int = 12) -> Report:
    """Processor time that one call costs more through the service than directly; bar: 5 ms."""
    port, process_id = servers.service()
    client, connection = direct_client(servers), Connection(port)
    taken: dict[str, list[float]] = {"direct": [], "json": [], "events": [], "grounded": []}

    async def timed(name: str, clock: Callable[[], float], work: Coroutine[Any, Any, Any]) -> None:
        before = clock()
        await work
        taken[name].append((clock() - before) * 1e3)

    def service_clock() -> float:
        return cpu_s(process_id)

    for _ in range(repeats + 2):
        await timed("direct", time.process_time, direct_call(client))
        await timed("json", service_clock, connection.request("/api/v1/answers", ONE_CALL))
        streamed = {**ONE_CALL, "stream": True}
        await timed("events", service_clock, connection.request("/api/v1/answers", streamed))
        await timed("grounded", service_clock, connection.request("/api/v1/answers", GROUNDED))
    await client.close()
    middle = {name: median(values[2:]) for name, values in taken.items()}
    return {
        **{f"{name}_cpu_ms": value for name, value in middle.items()},
        "added_json_cpu_ms": middle["json"] - middle["direct"],
        "added_events_cpu_ms": middle["events"] - middle["direct"],
        "added_grounded_cpu_ms": middle["grounded"] - middle["direct"],
    }


async def throughput(servers: Servers, clients: int = 64, seconds: float = 20) -> Report:
    """Finished calls a second at 64 at once, through the service and directly; bar: 97 %."""
    places = {"SERVER__MAX_CONCURRENT_ANSWERS": str(clients), "QUEUE__LENGTH": str(clients)}
    port, process_id = servers.service(**places)
    client = direct_client(servers)
    rates: dict[str, list[float]] = {"direct": [], "service": []}
    shares: dict[str, list[float]] = {"direct": [], "service": []}

    async def directly(connection: Connection) -> Reply:
        began = time.perf_counter()
        await direct_call(client)
        return Reply(200, {}, b"", 0.0, time.perf_counter() - began)

    async def through(connection: Connection) -> Reply:
        return await connection.request("/api/v1/answers", ONE_CALL)

    for _ in range(2):
        for name, ask in (("direct", directly), ("service", through)):
            process = os.getpid() if name == "direct" else process_id
            before, began = cpu_s(process), time.perf_counter()
            replies = await closed_loop(clients, seconds, ask, port)
            elapsed = time.perf_counter() - began
            assert all(reply.status == 200 for reply in replies)
            # By Little's law: counting ends of waves that run in step would show the edges of the window.
            rates[name].append(clients / fmean(reply.whole_s for reply in replies))
            shares[name].append((cpu_s(process) - before) / elapsed)
    await client.close()
    return {
        "direct_per_s": median(rates["direct"]),
        "service_per_s": median(rates["service"]),
        "ratio": median(rates["service"]) / median(rates["direct"]),
        "direct_cpu_share": median(shares["direct"]),
        "service_cpu_share": median(shares["service"]),
    }


async def search(servers: Servers, folder: Path, seconds: float = 4) -> Report:
    """Searches a second against a bare FastAPI endpoint that answers with as many bytes; bar: 0.6.

    ``again`` asks five queries in turn, whose replies the service keeps; ``new`` asks each query once.
    """
    port, process_id = servers.service()
    quoted = [f"/api/v1/search?mode=lexical&k=5&q={quote(query)}" for query in QUERIES]
    example = await Connection(port).request(quoted[0])
    assert example.status == 200, example.body
    reply = folder / "reply.json"
    reply.write_bytes(example.body)
    echo_port, echo_id = servers.echo(reply)
    number = 0

    async def again(connection: Connection) -> Reply:
        nonlocal number
        number += 1
        return await connection.request(quoted[number % len(quoted)])

    async def new(connection: Connection) -> Reply:
        nonlocal number
        number += 1
        return await connection.request(f"{quoted[number % len(quoted)]}+{number}")

    async def echoed(connection: Connection) -> Reply:
        return await connection.request("/echo?q=x")

    rates: dict[str, list[float]] = {"new": [], "again": [], "echo": []}
    costs: dict[str, list[float]] = {"new": [], "again": [], "echo": []}
    for _ in range(3):
        for name, asked, at, process in (
            ("new", new, port, process_id),
            ("again", again, port, process_id),
            ("echo", echoed, echo_port, echo_id),
        ):
            before = cpu_s(process)
            replies = await closed_loop(8, seconds, asked, at)
            rates[name].append(len(replies) / seconds)
            costs[name].append((cpu_s(process) - before) * 1e3 / len(replies))
    return {
        "bytes": len(example.body),
        **{f"{name}_per_s": median(values) for name, values in rates.items()},
        **{f"{name}_cpu_ms": median(values) for name, values in costs.items()},
        **{f"{name}_ratio": median(rates[name]) / median(rates["echo"]) for name in ("new", "again")},
    }


async def hybrid(servers: Servers, index: Path, repeats: int = 100) -> Report:
    """Processor time of a hybrid search over HTTP above encoder and index alone; bar: 2 ms."""
    from indexer import HybridIndex

    port, process_id = servers.service()
    connection = Connection(port)
    inside: list[float] = []
    over_http: list[float] = []
    with HybridIndex.open(index) as opened:
        for number in range(repeats + 10):
            query = QUERIES[number % len(QUERIES)] + str(number)  # no two alike: nothing is remembered
            before = time.process_time()
            opened.search(query, 5, mode="hybrid")
            inside.append(time.process_time() - before)
            before = cpu_s(process_id)
            await connection.request(f"/api/v1/search?mode=hybrid&k=5&q={quote(query)}")
            over_http.append(cpu_s(process_id) - before)
    index_ms, service_ms = median(inside[10:]) * 1e3, median(over_http[10:]) * 1e3
    return {"index_cpu_ms": index_ms, "service_cpu_ms": service_ms, "added_cpu_ms": service_ms - index_ms}


async def first_event(servers: Servers, repeats: int = 40) -> Report:
    """Time to a stream's first event where nobody waits; bar: 20 ms."""
    connection = Connection(servers.service()[0])
    body = {**GROUNDED, "stream": True}
    replies = [await connection.request("/api/v1/answers", body) for _ in range(repeats + 2)]
    assert all(b"event: answer" in reply.body for reply in replies)
    return summary([reply.first_s for reply in replies[2:]])


async def evidence_only(servers: Servers, repeats: int = 60) -> Report:
    """Answers while the model server is away; bar: 95 % within 500 ms."""
    away = {
        "GENERATOR__BASE_URL": f"http://127.0.0.1:{free_port()}/v1",
        "GENERATOR__ON_MODEL_FAILURE": "evidence_only",
    }
    connection = Connection(servers.service(**away)[0])
    body = {"question": QUESTION}
    replies = [await connection.request("/api/v1/answers", body) for _ in range(repeats)]
    assert all(b'"evidence_only"' in reply.body for reply in replies)
    return {**summary([reply.whole_s for reply in replies]), "of_it_before_the_circuit_opened": 5}


async def overload(servers: Servers, places: int = 16, seconds: float = 20) -> Report:
    """Ten times as many clients as places; bars: goodput 90 %, accepted p95 1.5 times, recovery 10 s."""
    port, _ = servers.service(SERVER__MAX_CONCURRENT_ANSWERS=str(places), QUEUE__LENGTH=str(places // 2))
    refusals: list[float] = []

    async def ask(connection: Connection) -> Reply:
        reply = await connection.request("/api/v1/answers", ONE_CALL)
        if reply.status == 429:
            refusals.append(reply.whole_s)
            await asyncio.sleep(0.5)  # less patient than Retry-After asks for
        return reply

    calm = await closed_loop(places, seconds, ask, port)
    crowded = await closed_loop(10 * places, seconds, ask, port)
    ended = time.perf_counter()
    served = [reply for reply in crowded if reply.status == 200]
    before = percentile([reply.whole_s for reply in calm], 0.95)
    recovered_s = None
    while recovered_s is None and time.perf_counter() - ended < 60:
        reply = await ask(Connection(port))
        if reply.status == 200 and reply.whole_s <= 1.1 * before:
            recovered_s = time.perf_counter() - ended
    during = percentile([reply.whole_s for reply in served], 0.95)
    return {
        "capacity_per_s": len(calm) / seconds,
        "goodput_per_s": len(served) / seconds,
        "goodput_ratio": len(served) / len(calm),
        "other_statuses": sorted({reply.status for reply in crowded} - {200, 429}),
        "p95_ratio": during / before,
        "refusals": len(refusals),
        "refusal_p95_ms": percentile(refusals, 0.95) * 1e3,
        "recovered_s": recovered_s,
    }


async def rebuild(servers: Servers, index: Path, folder: Path, seconds: float = 10) -> Report:
    """Searches beside a niced build of the same corpus; bar: p95 1.5 times."""
    port, _ = servers.service()
    paths = [f"/api/v1/search?k=5&q={quote(query)}" for query in QUERIES]
    number = 0

    async def ask(connection: Connection) -> Reply:
        nonlocal number
        number += 1
        await asyncio.sleep(0.05)  # a steady 20 a second at most: waiting shows, not saturation
        return await connection.request(paths[number % len(paths)])

    idle: list[float] = []
    beside: list[float] = []
    config = Path("configs/index.toml")
    for turn in range(3):
        idle += [reply.whole_s for reply in await closed_loop(1, seconds, ask, port)]
        command = ["nice", "-n", "19", sys.executable, "-m", "jmedqa", "index", "build"]
        arguments = ["--config", str(config), "--out", str(folder / f"rebuilt-{turn}")]
        with subprocess.Popen(  # noqa: ASYNC220  (it takes a moment, once a turn)
            [*command, *arguments],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as build:
            while build.poll() is None and len(beside) < 5_000:
                beside += [reply.whole_s for reply in await closed_loop(1, 1, ask, port)]
    return {
        "idle": summary(idle),
        "beside_a_build": summary(beside),
        "p50_ratio": median(beside) / median(idle),
        "p95_ratio": percentile(beside, 0.95) / percentile(idle, 0.95),
    }


MEASURES = (
    "calls",
    "throughput",
    "search",
    "hybrid",
    "first_event",
    "evidence_only",
    "overload",
    "rebuild",
)


async def measure(name: str, servers: Servers, index: Path, folder: Path) -> Report:
    match name:
        case "calls":
            return await calls(servers)
        case "throughput":
            return await throughput(servers)
        case "search":
            return await search(servers, folder)
        case "hybrid":
            return await hybrid(servers, index)
        case "first_event":
            return await first_event(servers)
        case "evidence_only":
            return await evidence_only(servers)
        case "overload":
            return await overload(servers)
        case _:
            return await rebuild(servers, index, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    report: Report = {}
    for name in arguments.only:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            servers = Servers(stack, arguments.index, Path(folder))
            report[name] = asyncio.run(measure(name, servers, arguments.index, Path(folder)))
        load = os.getloadavg()[0]
        print(json.dumps({name: report[name], "load_average": round(load, 1)}, indent=1), flush=True)
        if arguments.out:
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

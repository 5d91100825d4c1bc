"""The runner beside a bare loop over the same requests, against a stub that is paced like a model.

    python -m benchmarks.perf.runner [--items 400] [--places 32] [--reply-s 0.4]

Both ask one closed-book question a time with the same client code and the same number under way; the runner
also parses, checks, flags and forces every record to the disk. Prints one JSON object: throughput of both,
their ratio (the bar is 0.95), and the runner's processor time per request beyond the bare loop's and in all.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import tempfile
import time
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from benchmarks.runs.asking import question_of
from benchmarks.runs.folder import RunFolder
from benchmarks.runs.planning import planned
from benchmarks.runs.runner import run
from benchmarks.settings import ModelSettings, RunSettings, TaskSettings
from service.answer_flow import answer
from service.generators.openai_compatible import OpenAIGenerator
from service.retrieval import NoRetrieval


def stub(reply_s: float) -> Starlette:
    """Answers every question after ``reply_s``, in two chunks."""

    async def chat(request: Request) -> Response:
        body = await request.json()
        text = '{"choice": "A"}' if "response_format" in body else "カルシウムを静注する。"

        async def stream() -> object:
            await asyncio.sleep(reply_s)
            head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "stub"}
            yield f"data: {json.dumps(head | {'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n"
            end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
            yield f"data: {json.dumps(head | end)}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")  # type: ignore[arg-type]

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": "stub", "object": "model"}]})

    return Starlette(
        routes=[Route("/v1/chat/completions", chat, methods=["POST"]), Route("/v1/models", models)]
    )


def _serve(port: int, reply_s: float) -> None:
    uvicorn.run(stub(reply_s), port=port, log_level="critical")


def _data(folder: Path, items: int) -> Path:
    rows = {
        str(number): {
            "QUESTION": f"Does treatment {number} lower potassium?",
            "CONTEXTS": [],
            "LONG_ANSWER": "",
            "final_decision": "yes",
        }
        for number in range(items)
    }
    path = folder / "ori_pqal.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


async def _bare(settings: RunSettings, items: int) -> None:
    """The same strategy calls, ``places`` at once, and nothing else."""
    (model,) = settings.models
    with planned(settings, limit=items, private=True, commercial=False) as plan:
        generator = OpenAIGenerator(model.openai(0))
        places = asyncio.Semaphore(model.concurrency)

        async def one(job: object) -> None:
            async with places:
                question = question_of(job.item, job.arm.prompt)  # type: ignore[attr-defined]
                await answer("closed_book", question, NoRetrieval(), generator, settings.budget(model))

        await asyncio.gather(*(one(job) for job in plan.jobs(model)))
        await generator.close()


async def _full(settings: RunSettings, items: int, out: Path) -> None:
    with (
        planned(settings, limit=items, private=True, commercial=False) as plan,
        RunFolder.open(out, resume=False) as folder,
    ):
        await run(plan, folder)


def measure(items: int, places: int, reply_s: float) -> dict[str, float]:
    """Both, one after the other, twice; the second round counts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(port, reply_s), daemon=True)
    server.start()
    found: dict[str, float] = {}
    try:
        _wait(port)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            settings = RunSettings(
                strategies=("closed_book",),
                data=folder,
                models=(
                    ModelSettings(
                        name="stub",
                        base_url=f"http://127.0.0.1:{port}/v1",
                        concurrency=places,
                        most_concurrent=places,
                    ),
                ),
                tasks=(TaskSettings(task="pubmedqa-question", data=_data(folder, items)),),
            )
            for turn in range(2):
                for kind in ("bare", "runner"):
                    began, used = time.perf_counter(), time.process_time()
                    work = (
                        _bare(settings, items)
                        if kind == "bare"
                        else _full(settings, items, folder / f"{turn}")
                    )
                    asyncio.run(work)
                    found[f"{kind}_items_per_s"] = items / (time.perf_counter() - began)
                    found[f"{kind}_cpu_ms_per_request"] = (time.process_time() - used) / (2 * items) * 1e3
    finally:
        server.terminate()
    found["ratio"] = found["runner_items_per_s"] / found["bare_items_per_s"]
    return {"items": items, "places": places, "reply_s": reply_s} | {k: round(v, 3) for k, v in found.items()}


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the stub did not start")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--places", type=int, default=32)
    parser.add_argument("--reply-s", type=float, default=0.4)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.items, arguments.places, arguments.reply_s)))

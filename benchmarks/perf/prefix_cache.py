"""What the order of a run is worth to a server's prefix cache, by vLLM's own counters.

    vllm serve MODEL --enable-prefix-caching --max-model-len 2048 --num-gpu-blocks-override 32 …
    python -m benchmarks.perf.prefix_cache --base-url http://127.0.0.1:8001/v1 --index var/index [--items 10]

The same items in the same arms twice: all arms of an item together, as `bench run` asks them, and arm by arm.
The cache must be smaller than what is asked, else everything is found in any order; before each half it is
filled with other words. Prints tokens asked and found in both orders, and the ratio of the rates.
"""

import argparse
import asyncio
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx

from benchmarks.runs.folder import RunFolder
from benchmarks.runs.planning import Job, Plan, planned
from benchmarks.runs.runner import run
from benchmarks.settings import ModelSettings, RunSettings, TaskSettings

TOPICS = ("高カリウム血症", "ネフローゼ症候群", "急性腎障害", "糖尿病性腎症", "低ナトリウム血症", "腎性貧血")
ASKED = ("の初期対応", "の診断", "の治療", "の原因")


class ArmByArm(Plan):
    """The same jobs, each arm to its end before the next."""

    def jobs(self, model: ModelSettings) -> Iterator[Job]:
        """In the order of the arms."""
        jobs = list(super().jobs(model))
        places = {arm: place for place, arm in enumerate(dict.fromkeys(job.arm for job in jobs))}
        yield from sorted(jobs, key=lambda job: places[job.arm])


def questions(count: int) -> str:
    """Items of the IgakuQA format, newly written (synthetic)."""
    rows = []
    for number in range(count):
        topic, what = TOPICS[number % len(TOPICS)], ASKED[number % len(ASKED)]
        stem = f"{40 + number}歳の患者。{topic}が疑われ、血液検査を行った。{topic}{what}で正しいのはどれか。"
        rows.append(
            {
                "problem_id": f"112A{number + 1}",
                "problem_text": stem,
                "choices": [f"{topic}の記述{letter}" for letter in "甲乙丙丁戊"],
                "text_only": True,
                "answer": ["a"],
                "points": "1",
            }
        )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def counters(base_url: str) -> tuple[float, float]:
    """Prompt tokens looked up in the prefix cache so far, and found there."""
    parts = urlsplit(base_url)
    text = httpx.get(urlunsplit((parts.scheme, parts.netloc, "/metrics", "", "")), timeout=30).text
    found = [
        sum(
            float(value)
            for value in re.findall(rf"^vllm:prefix_cache_{name}_total(?:\{{[^}}]*\}})? (\S+)$", text, re.M)
        )
        for name in ("queries", "hits")
    ]
    return found[0], found[1]


def fill(base_url: str) -> None:
    """Push what is cached out with other words."""
    model = httpx.get(f"{base_url}/models", timeout=30).json()["data"][0]["id"]
    for number in range(10):
        words = " ".join(f"{number}-{place}" for place in range(150))
        body = {"model": model, "prompt": words, "max_tokens": 1}
        httpx.post(f"{base_url}/completions", json=body, timeout=600).raise_for_status()


def measured(base_url: str, index: Path, items: int, folder: Path) -> dict[str, object]:
    """Both orders."""
    (folder / "exam").mkdir()
    (folder / "exam" / "112-A.jsonl").write_text(questions(items), encoding="utf-8")
    settings = RunSettings(
        strategies=("closed_book", "single", "iterative", "stepwise"),
        models=(
            ModelSettings(
                name="vllm",
                base_url=base_url,
                concurrency=1,
                most_concurrent=1,
                first_token_timeout_s=600,
                total_timeout_s=900,
            ),
        ),
        tasks=(TaskSettings(task="igakuqa", data=folder / "exam", index=index, mode="lexical"),),
        limits={
            "k": 1,
            "max_steps": 1,
            "rounds": 1,
            "queries": 1,
            "evidence_chars": 250,
            "step_tokens": 48,
            "answer_tokens": 48,
        },
    )
    report: dict[str, object] = {}
    rates = {}
    for name, kind in (("grouped", Plan), ("arm_by_arm", ArmByArm)):
        fill(base_url)
        before = counters(base_url)
        with (
            planned(settings, limit=None, private=True, commercial=False) as plan,
            RunFolder.open(folder / name, resume=False) as out,
        ):
            records = asyncio.run(run(kind(plan.settings, plan.tasks), out))
        after = counters(base_url)
        asked, found = after[0] - before[0], after[1] - before[1]
        rates[name] = found / asked
        report[name] = {"records": len(records), "tokens": asked, "found": found, "rate": rates[name]}
    report["ratio"] = rates["grouped"] / rates["arm_by_arm"] if rates["arm_by_arm"] else None
    return report


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    parser.add_argument("--items", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(
            json.dumps(measured(arguments.base_url, arguments.index, arguments.items, Path(folder)), indent=1)
        )


if __name__ == "__main__":
    main()

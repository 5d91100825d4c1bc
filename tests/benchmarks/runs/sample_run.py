"""A small run: newly written items (synthetic, not clinically reviewed), and a model whose reply depends on
the prompt alone."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TOPICS = ("高カリウム血症", "ネフローゼ症候群", "メトホルミン", "低ナトリウム血症", "心不全", "糖尿病性腎症")
ASKED = ("の症状", "の原因", "の治療", "の検査所見")


def exam(count: int = 12) -> list[dict[str, Any]]:
    """Rows of the IgakuQA format."""
    rows = []
    for number in range(count):
        topic, what = TOPICS[number % len(TOPICS)], ASKED[number % len(ASKED)]
        rows.append(
            {
                "problem_id": f"112{'ABCDEF'[number % 6]}{number + 1}",
                "problem_text": f"{topic}{what}として正しいのはどれか。設問{number}",
                "choices": [f"{topic}の記述{letter}{number}" for letter in "甲乙丙丁戊"],
                "text_only": True,
                "answer": ["abcde"[number % 5]],
                "points": "3" if number % 4 == 0 else "1",
            }
        )
    return rows


def abstracts(count: int = 6) -> dict[str, dict[str, Any]]:
    """Entries of the PubMedQA format."""
    return {
        str(90_000_001 + number): {
            "QUESTION": f"Does treatment {number} lower serum potassium in adults with kidney disease?",
            "CONTEXTS": [f"Sentence {number} of a made-up abstract."],
            "LONG_ANSWER": f"Conclusion {number}.",
            "final_decision": ("yes", "no", "maybe")[number % 3],
        }
        for number in range(count)
    }


def write_data(folder: Path, *, questions: int = 12, papers: int = 6) -> Path:
    """The data folder of the tasks ``igakuqa`` and ``pubmedqa-question``."""
    (folder / "exam" / "2018").mkdir(parents=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in exam(questions)]
    (folder / "exam" / "2018" / "112-A.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "papers").mkdir()
    text = json.dumps(abstracts(papers), ensure_ascii=False)
    (folder / "papers" / "ori_pqal.json").write_text(text, encoding="utf-8")
    return folder


def write_config(path: Path, data: Path, index: Path | None, models: str, extra: str = "") -> Path:
    """A run over both tasks. ``models`` are their tables, ``extra`` further top-level lines."""
    place = f'index = "{index}"' if index else ""
    path.write_text(
        f"""
name = "sample"
data = "{data}"
{extra}
{models}
[[tasks]]
task = "igakuqa"
data = "exam"
{place}
[[tasks]]
task = "pubmedqa-question"
data = "papers"
{place}
[limits]
k = 2
max_steps = 2
""",
        encoding="utf-8",
    )
    return path


def model_table(base_url: str, name: str = "stub", places: int = 3) -> str:
    """The table of a model server that is asked ``places`` at once."""
    return f"""
[[models]]
name = "{name}"
base_url = "{base_url}/v1"
concurrency = {places}
most_concurrent = {places}
"""


EXTRACTIVE = '[[models]]\nname = "extractive"\nkind = "extractive"\n'


def reply(body: Mapping[str, Any]) -> str:
    """What the model says: decided by the messages alone, so that every run gives the same."""
    digest = hashlib.sha256(json.dumps(body["messages"], ensure_ascii=False).encode()).digest()
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    match list(schema.get("properties", {})):
        case ["steps"]:
            first = {
                "sub_question": "症状は何か",
                "query": f"高カリウム血症 症状 {digest[0]}",
                "depends_on": [],
            }
            second = {
                "sub_question": "治療は何か",
                "query": f"ネフローゼ 治療 {digest[1]}",
                "depends_on": [1],
            }
            return json.dumps({"steps": [first, second]}, ensure_ascii=False)
        case ["query"]:
            return json.dumps({"query": f"治療 ステロイド {digest[2]}"}, ensure_ascii=False)
        case ["choice"]:
            labels = schema["properties"]["choice"]["enum"]
            return json.dumps({"choice": labels[digest[3] % len(labels)]})
    return f"回答{digest[4]}である。[E1]"

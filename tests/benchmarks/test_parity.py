"""The official scores of the data sets, reproduced from the public test data."""

import ast
import json
from pathlib import Path

import pytest

from benchmarks.agreement import exam_agreement, mirage_agreement
from benchmarks.files import read_items
from benchmarks.scoring import Score, judge_all, score
from benchmarks.tasks import TASKS, Item
from tests.requirements import data_folder


def scored(task_id: str, data: Path, replies: dict[str, str | None]) -> Score:
    task = TASKS[task_id]
    return score(task, judge_all(task, read_items(task, data), replies))


def letter(item: Item, row: int, predictor: str) -> str:
    labels, gold = item.expected.labels, item.gold[0][0]
    return {
        "gold": gold,
        "all_A": "A",
        "shift+1": labels[(labels.index(gold) + 1) % len(labels)],
        "gold_but_every3rd_A": "A" if row % 3 == 0 else gold,
    }[predictor]


def entities(item: Item, predictor: str) -> str:
    gold = list(item.gold[0])
    return str(
        {
            "gold": gold,
            "empty": [],
            "gold_plus_junk": [*gold, "ZZZ"],
            "all_truncated": [entity[:-1] for entity in gold],
        }[predictor]
    )


def test_every_row_of_jmed_llm_is_what_the_official_scorer_prints() -> None:
    folder = data_folder("jmed-llm")
    rows = json.loads((folder / "parity_expected.json").read_text(encoding="utf-8"))
    assert len(rows) == 32
    for key, official in rows.items():
        name, predictor = key.split("/")
        items = read_items(TASKS[f"jmed-llm/{name}"], folder)
        replies: dict[str, str | None] = {
            item.item_id: entities(item, predictor)
            if item.expected.kind == "entities"
            else letter(item, row, predictor)
            for row, item in enumerate(items)
        }
        found = scored(f"jmed-llm/{name}", folder, replies)
        for figure, value in official.items():
            ours = "partial_f1" if figure == "(sane substring f1)" else f"official/{figure}"
            assert found.metrics[ours] == pytest.approx(value, abs=1e-12), (key, figure)
        assert found.unparsed == 0, key


def test_pubmedqa_constants() -> None:
    folder = data_folder("pubmedqa")
    published = json.loads((folder / "ori_pqal.json").read_text(encoding="utf-8"))
    ids = [item.item_id for item in read_items(TASKS["pubmedqa-required"], folder)]
    always_yes = scored("pubmedqa-required", folder, dict.fromkeys(ids, "yes"))
    assert (always_yes.n, always_yes.accuracy) == (500, 0.552)
    assert always_yes.metrics["macro_f1"] == pytest.approx(0.2371, abs=5e-5)
    for setting, accuracy, macro_f1 in (("required", 0.780, 0.7219), ("free", 0.904, 0.8418)):
        human = {pmid: published[pmid][f"reasoning_{setting}_pred"] for pmid in ids}
        found = scored(f"pubmedqa-{setting}", folder, human)
        assert found.accuracy == pytest.approx(accuracy, abs=5e-5)
        assert found.metrics["macro_f1"] == pytest.approx(macro_f1, abs=5e-5)
        assert found.metrics["official/macro_f1"] == pytest.approx(macro_f1, abs=5e-5)


def test_the_rebuilt_mirage_parser_gives_the_published_readings() -> None:
    found = mirage_agreement(data_folder("mirage").parent)
    assert (found.n, found.official_reproduced) == (15_326, 15_326)


def test_the_strict_parser_contradicts_mirage_on_one_reply_and_never_reads_a_default() -> None:
    """The one: MIRAGE takes the letter of an "Option A" said while weighing; the reply ends "the answer
    choice is: C"."""
    found = mirage_agreement(data_folder("mirage").parent)
    assert found.differ_when_both_read == 1
    assert found.agree > 0.93 * found.n
    read_from_default = sum(
        row.count for row in found.disagreements if row.strict == "parsed" and "default" in row.official
    )
    assert read_from_default == 1  # "the answer choice is B. no, as we need …", which no official rule reads
    assert found.agree + sum(row.count for row in found.disagreements) == found.n


def test_qwen_on_the_119th_examination() -> None:
    folder = data_folder("igakuqa119")
    replies: dict[str, str | None] = {}
    for path in (folder / "answers").glob("*.json"):
        for row in json.loads(path.read_text(encoding="utf-8"))["results"]:
            replies[row["question_number"]] = row["answers"][0]["answer"]
    found = scored("igakuqa119", folder, replies)
    assert (found.correct, found.n, found.points, found.points_max) == (314, 400, 398, 500)
    assert (found.metrics["必修/points"], found.metrics["必修/points_max"]) == (168, 200)
    assert (found.metrics["without_image/correct"], found.metrics["without_image/n"]) == (241, 297)
    assert found.metrics["official/points"] == 398
    agreement = exam_agreement(folder.parent)
    assert (agreement.agree, agreement.n) == (400, 400)


def test_the_first_300_of_medqa_are_read_with_their_right_choices() -> None:
    folder = data_folder("medqa")
    items = read_items(TASKS["medqa-us-4opt"], folder)
    gold = scored("medqa-us-4opt", folder, {item.item_id: f"Answer: {item.gold[0][0]}" for item in items})
    assert (gold.n, gold.accuracy, gold.metrics["official/accuracy"]) == (300, 1.0, 1.0)


def test_jmmlu_is_nine_subjects_with_right_choices() -> None:
    folder = data_folder("jmmlu-med")
    items = read_items(TASKS["jmmlu-med"], folder)
    assert {item.tags["subject"] for item in items} == {path.stem for path in folder.glob("*.csv")}
    by_text: dict[str, str | None] = {}
    for item in items:
        texts = dict(zip(item.expected.labels, item.expected.texts, strict=True))
        by_text[item.item_id] = texts[item.gold[0][0]]
    found = scored("jmmlu-med", folder, by_text)
    assert found.accuracy > 0.97  # a text that two choices share, or that declines, has no reading


def test_pubmedqa_shows_the_conclusion_in_the_reasoning_free_setting_only() -> None:
    folder = data_folder("pubmedqa")
    conclusions = {
        pmid: row["LONG_ANSWER"]
        for pmid, row in json.loads((folder / "ori_pqal.json").read_text(encoding="utf-8")).items()
    }
    for setting in ("required", "question"):
        task = TASKS[f"pubmedqa-{setting}"]
        assert all(
            conclusions[item.item_id] not in "\n".join(task.prompt(item)) for item in read_items(task, folder)
        )


def test_expected_list_literals_are_the_files_own() -> None:
    """The gold of extraction tasks is read without eval() and equals Python's own reading of the literal."""
    folder = data_folder("jmed-llm")
    import csv

    with (folder / "nrner.csv").open(encoding="utf-8", newline="") as file:
        literals = [tuple(ast.literal_eval(row["answer"])) for row in csv.DictReader(file)]
    assert [item.gold[0] for item in read_items(TASKS["jmed-llm/nrner"], folder)] == literals

"""The same replies come to the same scores in inspect_ai; a frozen task is read by lm-evaluation-harness."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.files import read_items
from benchmarks.runs.folder import read_records
from benchmarks.runs.scoring import read_run
from benchmarks.scoring import judge_all
from benchmarks.tasks import find_task
from tests.benchmarks.runs.sample_run import EXTRACTIVE, exam, write_config, write_data
from tests.requirements import missing
from tests.service.conftest import build

pytestmark = pytest.mark.models

REPLIES = (
    "答え: {right}",
    "答え: {wrong}",
    "わかりません。",
    "{right}か{wrong}です。",
    "正解は{right}。",
    "ＡＮＳＷＥＲ：{right}",
)


def harness(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        missing("models", f"{name} is not installed: run `make models-setup`")


def written(row: dict[str, Any], number: int) -> str:
    right = row["answer"][0]
    wrong = "abcde"[("abcde".index(right) + 1) % 5]
    return REPLIES[number % len(REPLIES)].format(right=right, wrong=wrong)


def test_native_and_inspect_score_every_item_alike(tmp_path: Path) -> None:
    inspect_ai = harness("inspect_ai")
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from benchmarks.adapters.inspect_tasks import jmedqa

    data = write_data(tmp_path / "data", questions=12) / "exam"
    said = {row["problem_id"]: written(row, number) for number, row in enumerate(exam(12))}
    by_question = {row["problem_text"]: said[row["problem_id"]] for row in exam(12)}

    def answer(messages: Any, tools: Any, choice: Any, config: Any) -> Any:
        text = messages[-1].text
        found = next(reply for question, reply in by_question.items() if text.startswith(f"{question}\n"))
        output = ModelOutput.from_content(model="mockllm/model", content=found)
        # Without it the mock model counts tokens with a table that it downloads.
        output.usage = ModelUsage(input_tokens=11, output_tokens=7, total_tokens=18)
        return output

    (log,) = inspect_ai.eval(
        jmedqa(task="igakuqa", data=str(data)),
        model=get_model("mockllm/model", custom_outputs=answer),
        log_dir=str(tmp_path / "logs"),
        display="none",
    )
    assert log.status == "success", log.error
    task = find_task("igakuqa")
    native = {
        one.item.item_id: (one.correct, one.parsed.status)
        for one in judge_all(task, read_items(task, data), said)
    }
    inspected = {
        str(sample.id): (score.value == "C", score.metadata["status"])
        for sample in log.samples
        for score in sample.scores.values()
    }
    assert inspected == native
    assert {correct for correct, _ in native.values()} == {True, False}
    for sample in log.samples:
        asked = "".join(message.text for message in sample.input)
        assert str(sample.target) not in asked


@pytest.fixture(autouse=True)
def own_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JMEDQA_DATA", raising=False)  # it goes before a run's own `data`


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapters")
    data = write_data(folder / "data", questions=8, papers=3)
    config = write_config(folder / "run.toml", data, build(folder / "built"), EXTRACTIVE)
    out = folder / "run"
    done = CliRunner().invoke(app, ["run", "--config", str(config), "--out", str(out), "--private"])
    assert done.exit_code == 0, done.output
    return out


def test_a_runs_logs_open_in_inspect_with_our_scores(run: Path, tmp_path: Path) -> None:
    harness("inspect_ai")
    from inspect_ai.log import read_eval_log

    done = CliRunner().invoke(app, ["export", "inspect", str(run), "--out", str(tmp_path / "logs")])
    assert done.exit_code == 0, (done.output, done.exception)
    files = sorted((tmp_path / "logs").glob("*.eval"))
    arms = read_run(run)
    assert len(files) == len(arms)
    ours = {
        (one.task.task_id, one.arm.arm_id, judged.item.item_id): judged.correct
        for one in arms
        for judged in one.judged
    }
    theirs = {}
    for file in files:
        log = read_eval_log(str(file))
        for sample in log.samples or []:
            (score,) = (sample.scores or {}).values()
            task = log.eval.dataset.name
            theirs[task, (log.eval.metadata or {})["arm"], str(sample.id)] = score.value == "C"
    assert theirs == ours


def test_the_evidence_of_a_run_is_frozen_into_a_task(run: Path, tmp_path: Path) -> None:
    harness("lm_eval")
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    command = ["export", "lm-eval", str(run), "--task", "igakuqa", "--arm", "extractive/single/labelled"]
    done = CliRunner().invoke(app, [*command, "--out", str(tmp_path), "--name", "frozen"])
    assert done.exit_code == 0, (done.output, done.exception)
    lines = (tmp_path / "frozen.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 8
    shown = {
        record.item: record for record in read_records(run) if record.arm == "extractive/single/labelled"
    }
    golds = {row["problem_id"]: row["answer"][0] for row in exam(8)}
    for row in rows:
        assert ("# 資料" in row["prompt"]) == any(step.evidence for step in shown[row["id"]].steps)
        assert row["labels"][row["target"]] == golds[row["id"]]
    found = simple_evaluate(
        model="dummy",
        tasks=["frozen"],
        task_manager=TaskManager(include_path=str(tmp_path), include_defaults=False),
        limit=8,
        bootstrap_iters=0,
    )
    assert found is not None
    assert found["n-samples"]["frozen"]["effective"] == 8
    assert 0 <= found["results"]["frozen"]["acc,none"] <= 1


def test_what_may_not_be_passed_on_is_not_exported(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data", questions=2, papers=1)
    config = write_config(tmp_path / "run.toml", data, None, EXTRACTIVE)
    out = tmp_path / "run"
    CliRunner().invoke(app, ["run", "--config", str(config), "--out", str(out)])
    command = ["export", "lm-eval", str(out), "--task", "igakuqa", "--arm", "extractive/closed_book/labelled"]
    done = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "there")])
    assert done.exit_code != 0
    assert "may not be passed on" in str(done.exception)
    assert not (tmp_path / "there").exists()

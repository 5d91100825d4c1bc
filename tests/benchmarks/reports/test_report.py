"""The report: what stands in it, what must never stand in it, and that it is one closed file."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.runs.folder import RECORDS, read_records
from tests.benchmarks.runs.sample_run import abstracts, exam, model_table, reply, write_config, write_data
from tests.service.conftest import build
from tests.service.model_server import ModelServer
from tests.service.running import served

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)> "&amp;" </details></main>'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with its report; the model's answers and the papers' questions hold markup."""
    folder = tmp_path_factory.mktemp("report")
    index = build(folder / "built")
    data = write_data(folder / "data", questions=6, papers=4)
    papers = abstracts(4)
    next(iter(papers.values()))["QUESTION"] = f"Does {HOSTILE} lower potassium?"
    (data / "papers" / "ori_pqal.json").write_text(json.dumps(papers), encoding="utf-8")
    model = ModelServer(reply=lambda body: reply(body).replace("である", f"である{HOSTILE}"), context=8_192)
    with served(model.app()) as address:
        config = write_config(folder / "run.toml", data, index, model_table(address))
        out = folder / "first"
        done = CliRunner().invoke(app, ["run", "--config", str(config), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    return reported(out)


def reported(out: Path) -> Path:
    done = CliRunner().invoke(app, ["report", str(out)])
    assert done.exit_code == 0, (done.output, done.exception)
    return out


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"


def test_the_page_asks_no_network_runs_no_script_and_escapes_every_text(made: Path) -> None:
    page = (made / "report" / "report.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    names = {tag for tag, _ in tags.seen}
    assert not names & {"script", "img", "link", "iframe", "object", "a", "form"}
    assert not any(
        name.startswith("on") or name in ("src", "href") for _, attrs in tags.seen for name in attrs
    )
    assert "&lt;script&gt;alert(1)" in page, "the markup is there, as text"
    assert "default-src 'none'" in page


def test_every_arm_and_every_comparison_of_the_family_is_there(made: Path) -> None:
    told = json.loads((made / "report" / "report.json").read_text(encoding="utf-8"))
    arms = {(arm["task"], arm["strategy"]) for arm in told["arms"]}
    assert arms == {
        (t, s) for t in ("igakuqa", "pubmedqa-question") for s in ("closed_book", "single", "stepwise")
    }
    assert len(told["comparisons"]) == 4
    for one in told["comparisons"]:
        assert one["first"].split("/")[1] == "closed_book"
        assert one["holm_p"] >= one["difference"]["p"]
        fixed = sum(change["fixed"] for change in one["changes"])
        assert (fixed, len(one["changes"]) - fixed) == (
            one["difference"]["fixed"],
            one["difference"]["broken"],
        )
    with (made / "report" / "scores.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {(row["task"], row["strategy"]) for row in rows} == arms


def test_counts_are_those_of_the_records(made: Path) -> None:
    told = json.loads((made / "report" / "report.json").read_text(encoding="utf-8"))
    records = read_records(made)
    for arm in told["arms"]:
        mine = [record for record in records if (record.task, record.arm) == (arm["task"], arm["arm"])]
        for field, status in (
            ("unparsed", "unparsed"),
            ("abstained", "abstained"),
            ("failed", "transport_error"),
        ):
            assert arm[field] == sum(record.parsed.status == status for record in mine)


def test_the_whole_examination_is_reported_by_round(made: Path) -> None:
    told = json.loads((made / "report" / "report.json").read_text(encoding="utf-8"))
    (row,) = [row for row in told["exams"] if "/single/" in row["arm"]]
    rows = exam(6)
    assert row["round"] == "112"
    assert row["total"]["points_max"] == sum(int(entry["points"]) for entry in rows)
    required = [int(entry["points"]) for entry in rows if entry["problem_id"][3] in "BE"]
    assert row["groups"]["必修"]["points_max"] == sum(required)


def test_hidden_items_are_named_by_id_alone_in_every_file_of_the_report(made: Path) -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in (made / "report").iterdir())
    for entry in exam(6):
        assert entry["problem_id"] in texts
        assert entry["problem_text"] not in texts
        assert not any(choice in texts for choice in entry["choices"])


def test_a_run_that_is_not_finished_is_reported_with_what_is_missing(made: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.mkdir()
    for name in ("manifest.json", "passages.jsonl"):
        (part / name).write_bytes((made / name).read_bytes())
    lines = (made / RECORDS).read_bytes().splitlines(keepends=True)
    (part / RECORDS).write_bytes(b"".join(lines[:-4]))
    reported(part)
    told = json.loads((part / "report" / "report.json").read_text(encoding="utf-8"))
    assert sum(arm["missing"] for arm in told["arms"]) == 4
    assert {arm["n"] for arm in told["arms"]} == {6, 4}, "what is missing counts as wrong"


def test_runs_are_compared_arm_by_arm_on_the_items_they_share(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "second"
    other.mkdir()
    for name in ("manifest.json", "passages.jsonl", RECORDS):
        (other / name).write_bytes((made / name).read_bytes())
    out = tmp_path / "compared"
    done = CliRunner().invoke(app, ["compare", str(made), str(other), "--out", str(out)])
    assert done.exit_code == 0, (done.output, done.exception)
    told = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert len(told["comparisons"]) == 6
    for one in told["comparisons"]:
        assert one["difference"]["difference"] == 0
        assert re.sub("^first", "second", one["first"]) == one["second"]


def test_a_folder_without_a_run_and_other_data_are_named(made: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    assert "bench run --out" in str(runner.invoke(app, ["report", str(tmp_path)]).exception)
    data = write_data(tmp_path / "data", questions=7, papers=4)
    found = runner.invoke(app, ["report", str(made), "--data", str(data)]).exception
    assert "another version" in str(found)


@pytest.mark.parametrize("priced", [True, False])
def test_a_cost_is_told_where_prices_and_tokens_are_known(tmp_path: Path, priced: bool) -> None:
    """The stub counts 11 prompt and 7 completion tokens a call."""
    data = write_data(tmp_path / "data", questions=3, papers=2)
    with served(ModelServer(reply=reply, context=8_192).app()) as address:
        prices = "prompt_price = 100.0\ncompletion_price = 1000.0\n" if priced else ""
        table = model_table(address) + prices
        config = write_config(tmp_path / "run.toml", data, None, table, 'currency = "USD"')
        out = tmp_path / "run"
        done = CliRunner().invoke(app, ["run", "--config", str(config), "--out", str(out), "--json"])
        assert done.exit_code == 0, done.output
    reported(out)
    for arm in json.loads((out / "report" / "report.json").read_text(encoding="utf-8"))["arms"]:
        calls = sum(record.calls for record in read_records(out) if record.task == arm["task"])
        expected = calls * (11 * 100 + 7 * 1000) / 1e6 if priced else None
        assert arm["cost"] == (pytest.approx(expected) if priced else None)
    assert ("USD" in (out / "report" / "report.md").read_text(encoding="utf-8")) == priced

"""The study from creation to the opened key: what raters may see, what is kept, and what is refused."""

import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from benchmarks.rating.workbench.app import create_app
from benchmarks.rating.workbench.creating import key_file
from benchmarks.rating.workbench.finishing import bang, disagreements, open_adjudication, unseal
from benchmarks.rating.workbench.masking import masked, tells
from benchmarks.rating.workbench.offline import read_sheet, write_sheet
from benchmarks.rating.workbench.planning import Cell, dealt, ordered
from benchmarks.rating.workbench.store import Event, Store, StudyError
from tests.benchmarks.rating.studies import ids, study


def even(system: str, question: str, case: int) -> int:
    return 1


def score_all(store: Store, rater: str, give: int = 1) -> None:
    event = ids()
    for task in store.tasks(rater):
        if store.open_block(rater) < task.block:
            store.close_block(rater, task.block - 1)
        store.score(rater, Event(f"{rater}-{next(event)}", task.task, give))
    store.close_block(rater, store.open_block(rater))
    store.lock(rater)


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = Store(study(tmp_path, even).path)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("静注する。[E1][E2]", "静注する。"),
        ("静注する【E1】。", "静注する。"),
        ("静注する(資料E1)。", "静注する。"),
        ("エストラジオール(E2)を測る。", "エストラジオール(E2)を測る。"),
        ("詳細は https://example.org/a を見る。", "詳細は  を見る。"),
        ("gptx+ragの回答。GPTXです。", "■■の回答。■■です。"),
        ("10⁴/µL ", "10⁴/µL"),
        ("[E1]", "(回答なし)"),
    ],
)
def test_what_tells_the_arm_is_taken_out(text: str, seen: str) -> None:
    assert masked(text, ["gptx", "gptx+rag"]) == seen


def test_what_still_tells_is_counted() -> None:
    assert tells("資料によると静注する。") == ["資料"]
    assert tells("静注する。") == []


def test_the_study_raters_use_names_no_system(tmp_path: Path) -> None:
    made = study(tmp_path, even)
    content = "\n".join(sqlite3.connect(made.path).iterdump())
    assert "gptx" not in content
    assert "E1]" not in content
    assert all(token not in content for token in made.tokens.values())


def test_orders_are_seeded_and_differ_between_raters() -> None:
    cells = [Cell(f"a{n}", f"c{n // 6}", n % 3) for n in range(24)]
    plans = {rater: ordered(cells, ["c1", "c0", "c3", "c2"], rater, 5, 0.25) for rater in "甲乙"}
    assert plans["甲"] == ordered(cells, ["c1", "c0", "c3", "c2"], "甲", 5, 0.25)
    assert plans["甲"] != plans["乙"]
    shown = Counter(task.answer for task in plans["甲"])
    assert sorted(shown.values()) == [1] * 18 + [2] * 6
    for task in plans["甲"]:
        if task.repeat:
            first = next(t for t in plans["甲"] if t.answer == task.answer and not t.repeat)
            assert plans["甲"].index(first) < plans["甲"].index(task)


def test_incomplete_blocks_are_even_and_link_all_raters() -> None:
    given = dealt([f"c{n}" for n in range(8)], "甲乙丙丁", 2, 3)
    assert [len(own) for own in given.values()] == [4, 4, 4, 4]
    assert Counter(case for own in given.values() for case in own) == {f"c{n}": 2 for n in range(8)}
    for one, other in zip("甲乙丙丁", "乙丙丁甲", strict=True):
        assert set(given[one]) & set(given[other])


def test_a_later_stage_waits_for_the_one_before(store: Store) -> None:
    tasks = store.tasks("甲")
    later = next(task for task in tasks if task.block == 1)
    with pytest.raises(StudyError, match="comes first"):
        store.score("甲", Event("x" * 20, later.task, 1))
    with pytest.raises(StudyError, match="no score"):
        store.close_block("甲", 0)


def test_scores_can_be_undone_until_the_stage_is_closed(store: Store) -> None:
    first, *others = [task for task in store.tasks("甲") if task.block == 0]
    events = [
        Event("a" * 20, first.task, 2),
        Event("b" * 20, first.task, None),
        Event("c" * 20, first.task, 0),
    ]
    for event in events:
        store.score("甲", event)
    assert store.tasks("甲")[0].score == 0
    store.score("甲", *(Event(f"d{n:019d}", task.task, 1) for n, task in enumerate(others)))
    store.close_block("甲", 0)
    with pytest.raises(StudyError, match="closed"):
        store.score("甲", Event("e" * 20, first.task, 1))


def test_the_same_event_counts_once_and_its_id_serves_no_other(store: Store) -> None:
    task = store.tasks("甲")[0].task
    event = Event("a" * 20, task, 2, ("危険",), ((0, 3),))
    assert [store.score("甲", event), store.score("甲", event)] == [1, 0]
    with pytest.raises(StudyError, match="another score"):
        store.score("甲", Event("a" * 20, task, 1))
    assert store.event_ids() == ["a" * 20]


@pytest.mark.parametrize(
    "change",
    [{"score": 3}, {"score": True}, {"tags": ("悪い",)}, {"spans": ((0, 9_999),)}, {"spans": ((3, 3),)}],
)
def test_values_outside_the_scale_are_refused(store: Store, change: dict[str, object]) -> None:
    values = {"event": "a" * 20, "task": store.tasks("甲")[0].task, "score": 1, **change}
    with pytest.raises(StudyError):
        store.score("甲", Event(**values))  # type: ignore[arg-type]
    assert store.event_ids() == []


def test_the_key_stays_sealed_until_everyone_has_locked(tmp_path: Path, store: Store) -> None:
    for rater in "甲乙丙":
        score_all(store, rater)
    with pytest.raises(StudyError, match="丁"):
        unseal(store, tmp_path / "out", "組織者")
    score_all(store, "丁")
    unseal(store, tmp_path / "out", "組織者")
    rows = list(csv.DictReader((tmp_path / "out" / "ratings.csv").open(encoding="utf-8")))
    assert {row["system"] for row in rows} == {"gptx", "gptx+rag"}
    assert len(rows) == len([task for task in store.tasks() if task.rater != "adjudicator"])
    assert store.logged()[-1][1:2] == ("組織者",)
    assert "key opened" in store.logged()[-1][2]


def test_a_key_changed_after_sealing_is_refused(tmp_path: Path, store: Store) -> None:
    for rater in "甲乙丙丁":
        score_all(store, rater)
    file = key_file(store.path)
    key = json.loads(file.read_text(encoding="utf-8"))
    first = next(iter(key))
    file.write_text(
        json.dumps(key | {first: "gptx+rag" if key[first] == "gptx" else "gptx"}), encoding="utf-8"
    )
    with pytest.raises(StudyError, match="changed"):
        unseal(store, tmp_path / "out", "組織者")
    assert not (tmp_path / "out").exists()


def test_large_disagreements_are_adjudicated_before_the_key_opens(tmp_path: Path, store: Store) -> None:
    for rater, give in zip("甲乙丙丁", (0, 2, 1, 1), strict=True):
        score_all(store, rater, give)
    assert {found.scores for found in disagreements(store)} == {(0, 1, 1, 2)}
    with pytest.raises(StudyError, match="adjudicate"):
        unseal(store, tmp_path / "out", "組織者")
    assert open_adjudication(store) == open_adjudication(store) == 36
    score_all(store, "adjudicator")
    done = unseal(store, tmp_path / "out", "組織者")
    assert len(done.adjudicated.read_text(encoding="utf-8").splitlines()) == 37


def test_bangs_index_of_a_table() -> None:
    # Own arithmetic: 10 right, 2 wrong, 8 unknown of 20: (10 − 2) / 20.
    found = bang("with", 10, 2, 8)
    assert found.value == pytest.approx(0.4)
    assert (found.high - found.value) / 1.96 == pytest.approx(((0.6 - 0.16) / 20) ** 0.5)


def signed(store: Store, token: str) -> TestClient:
    client = TestClient(create_app(store), base_url="http://testserver")
    assert client.get(f"/t/{token}").status_code == 200
    return client


def test_pages_show_no_later_stage_and_no_stranger_gets_in(tmp_path: Path) -> None:
    made = study(tmp_path, even)
    store = Store(made.path)
    client = signed(store, made.tokens["甲"])
    tasks = store.tasks("甲")
    last = next(task.position for task in tasks if task.block == 1) + 1
    assert client.get(f"/score/{last}", follow_redirects=False).headers["location"] == "/"
    page = client.get("/score/1")
    later = store.findings(tasks[0].case_id, 1)[1][1]
    assert later.splitlines()[0] not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    stranger = TestClient(create_app(store))
    assert stranger.get("/").status_code == 403
    assert stranger.get("/t/guess").status_code == 403
    body = {"event": "a" * 20, "task": tasks[0].task, "score": 1}
    assert stranger.post("/api/scores", json=body).status_code == 401
    assert client.post("/api/scores", json=body, headers={"origin": "http://evil.test"}).status_code == 403
    assert client.post("/api/scores", json={**body, "score": 5}).status_code == 422
    assert client.post("/api/scores", json={**body, "score": None}).status_code == 200
    store.close()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_sheet_comes_back_once(tmp_path: Path, store: Store, suffix: str) -> None:
    sheet = tmp_path / f"sheet{suffix}"
    count = write_sheet(store, "甲", sheet)
    if suffix == ".csv":
        with sheet.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        for row in rows[1:]:
            row[4] = "2"
        with sheet.open("w", encoding="cp932", errors="ignore", newline="") as stream:
            csv.writer(stream).writerows(rows)
    else:
        book = load_workbook(sheet)
        for cells in book.active.iter_rows(min_row=2):
            cells[4].value = 2.0
        book.save(sheet)
    assert read_sheet(store, "甲", sheet) == count
    assert read_sheet(store, "甲", sheet) == 0
    assert {task.score for task in store.tasks("甲") if task.block == 0} == {2}


def test_a_sheets_faults_are_named_row_by_row_and_nothing_is_kept(tmp_path: Path, store: Store) -> None:
    sheet = tmp_path / "sheet.csv"
    write_sheet(store, "甲", sheet)
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    for row in rows[1:]:
        row[4] = "1"
    rows[1][4], rows[2][5], rows[3][3], rows[4][0] = "３", "悪い", "別の回答", "x"
    rows.append(list(rows[5]))
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    with pytest.raises(StudyError) as caught:
        read_sheet(store, "甲", sheet)
    for said in ("row 2, score", "row 3, tags", "row 4, answer", "row 5, task", "the same as row 6"):
        assert said in caught.value.en
    assert store.event_ids() == []


CHILD = """
import sys
from pathlib import Path
from benchmarks.rating.workbench.store import Event, Store
store = Store(Path(sys.argv[1]))
task = sys.argv[2]
number = int(sys.argv[3])
while True:
    event = f"event-{number:026d}"
    store.score("甲", Event(event, task, number % 3))
    print(number, flush=True)
    number += 1
"""


def killed(folder: Path, kills: int) -> None:
    """Kill a writer after an acknowledgement, start the next at the first unacknowledged id, and count."""
    store = Store(study(folder, even, cases=1).path)
    task = store.tasks("甲")[0].task
    draw = random.Random(11)
    following = 0
    for _ in range(kills):
        command = [sys.executable, "-c", CHILD, str(store.path), task, str(following)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(draw.randint(1, 6)):
                following = int(child.stdout.readline()) + 1
            os.kill(child.pid, signal.SIGKILL)
    kept = store.event_ids()
    acknowledged = {f"event-{number:026d}" for number in range(following)}
    assert acknowledged <= set(kept), "lost"
    assert len(kept) == len(set(kept)), "doubled"
    assert len(kept) - len(acknowledged) <= 6, "only what was on its way when the last writer died"
    store.close()


def test_no_acknowledged_score_is_lost_or_doubled_by_twenty_kills(tmp_path: Path) -> None:
    killed(tmp_path, 20)


@pytest.mark.crash
@pytest.mark.timeout(1_800)
def test_no_acknowledged_score_is_lost_or_doubled_by_500_kills(tmp_path: Path) -> None:
    killed(tmp_path, 500)

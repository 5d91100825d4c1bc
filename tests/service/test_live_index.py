"""The live index changes over to a new generation, and keeps the old one for whoever began with it."""

import json
import shutil
import threading
import time
from pathlib import Path

import httpx
import pytest

from indexer import HybridIndex, current_name
from indexer.generations import make_current
from indexer.manifest import write_sealed
from service.errors import IndexUnavailable
from service.live_index import LiveIndex
from tests.service.conftest import DOCUMENTS, Start, build

GOUT = "---\nid: gout\ntitle: 痛風\n---\n# 痛風\n\n## 治療\n痛風発作にはコルヒチンを用いる。\n"
MORE = {**DOCUMENTS, "gout": GOUT}


@pytest.fixture
def live(tmp_path: Path) -> LiveIndex:
    live = LiveIndex(build(tmp_path))
    assert live.refresh()
    return live


def damage_newest(folder: Path) -> None:
    newest = max((folder / "generations").iterdir())
    (newest / "passages.jsonl").write_bytes(b"damaged")


def flip_a_byte(folder: Path, file: str = "passages.jsonl") -> None:
    """Of the live generation; the size stays."""
    path = folder / "generations" / current_name(folder) / file
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def test_a_new_generation_is_noticed_and_the_old_one_stays(live: LiveIndex, tmp_path: Path) -> None:
    with live.snapshot() as before:
        build(tmp_path, MORE)
        assert live.refresh()
        with live.snapshot() as after:
            assert before.generation != after.generation == live.state.generation
            assert after.search("痛風", 1)[0].passage.passage.doc_id == "gout"
        assert all(found.passage.passage.doc_id != "gout" for found in before.search("痛風", 9))


def test_the_old_generation_is_closed_after_its_last_user_and_not_before(
    live: LiveIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    close = HybridIndex.close

    def recorded(index: HybridIndex) -> None:
        closed.append(index.generation)
        close(index)

    monkeypatch.setattr(HybridIndex, "close", recorded)
    with live.snapshot() as first, live.snapshot():
        build(tmp_path, MORE)
        closed.clear()
        live.refresh()
        assert closed == []
    assert closed == [first.generation]


def test_nothing_is_opened_where_nothing_changed(live: LiveIndex) -> None:
    generation = live.state.generation
    assert not live.refresh()
    assert live.state.generation == generation


def test_a_damaged_generation_degrades_and_the_one_before_serves_on(live: LiveIndex, tmp_path: Path) -> None:
    before = live.state.generation
    damage_newest(build(tmp_path, MORE))
    assert not live.refresh()
    assert live.state.generation == before
    assert live.state.degraded
    build(tmp_path, {**MORE, "x": "---\nid: x\ntitle: 追加\n---\n追加の文書である。\n"})
    assert live.refresh()
    assert not live.state.degraded


@pytest.mark.parametrize("file", ["passages.jsonl", "dense/vectors.faiss", "manifest.json"])
def test_one_changed_byte_keeps_a_new_generation_from_serving(
    live: LiveIndex, tmp_path: Path, file: str
) -> None:
    """Every checksum is compared before a swap: the sizes are right, and opening would not notice."""
    before = live.state.generation
    flip_a_byte(build(tmp_path, MORE), file)
    assert not live.refresh()
    assert (live.state.generation, live.state.degraded) == (before, True)
    assert file.rpartition("/")[2] in (live.state.problem or "")
    with live.snapshot() as served:
        assert served.search("高カリウム血症", 1)


def test_one_changed_byte_keeps_the_service_from_being_ready(start: Start, tmp_path: Path) -> None:
    folder = build(tmp_path)
    flip_a_byte(folder)
    ready = start(index={"dir": folder}).get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert "passages.jsonl" in ready.json()["index_problem"]


def test_a_damaged_generation_changes_nothing_for_who_asks_and_readyz_says_degraded(
    start: Start, tmp_path: Path
) -> None:
    folder = build(tmp_path)
    client = start(index={"dir": folder, "poll_s": 0.05})
    served = client.get("/readyz").json()["generation"]
    shutil.copytree(folder, tmp_path / "aside" / "index")
    aside = build(tmp_path / "aside", MORE)
    flip_a_byte(aside)
    damaged = current_name(aside)
    shutil.copytree(aside / "generations" / damaged, folder / "generations" / damaged)
    make_current(folder, damaged)
    deadline = time.monotonic() + 30
    while not (ready := client.get("/readyz").json())["degraded"] and time.monotonic() < deadline:
        assert client.get("/api/v1/search", params={"q": "痛風"}).json()["generation"] == served
    assert (ready["ready"], ready["degraded"], ready["generation"]) == (True, True, served)
    assert "passages.jsonl" in ready["index_problem"]
    assert client.get("/api/v1/search", params={"q": "痛風"}).json()["generation"] == served


def test_a_damaged_generation_after_a_rollback_does_not_bring_back_the_unwanted_one(
    live: LiveIndex, tmp_path: Path
) -> None:
    wanted = live.state.generation
    assert wanted
    unwanted = current_name(build(tmp_path, MORE))
    live.refresh()
    assert live.state.generation == unwanted
    make_current(live.directory, wanted)
    assert live.refresh()
    flip_a_byte(build(tmp_path, {**MORE, "x": "---\nid: x\ntitle: 追加\n---\n追加の文書である。\n"}))
    assert not live.refresh()
    assert (live.state.generation, live.state.degraded) == (wanted, True)


def test_a_rollback_is_followed(live: LiveIndex, tmp_path: Path) -> None:
    first = live.state.generation
    assert first
    build(tmp_path, MORE)
    assert live.refresh()
    make_current(live.directory, first)
    assert live.refresh()
    assert (live.state.generation, live.state.problem) == (first, None)


def test_a_folder_without_an_index_says_how_to_build_one(tmp_path: Path) -> None:
    live = LiveIndex(tmp_path / "none")
    live.refresh()
    with pytest.raises(IndexUnavailable, match="jmedqa index build"), live.snapshot():
        pass
    build(tmp_path / "later")
    (tmp_path / "later" / "index").rename(tmp_path / "none")
    assert live.refresh()


def test_an_index_of_another_encoder_is_refused_with_the_cure(tmp_path: Path) -> None:
    folder = build(tmp_path)
    manifest = max((folder / "generations").iterdir()) / "manifest.json"
    fields = json.loads(manifest.read_text(encoding="utf-8"))
    fields["encoder"]["model"] = "another-model"
    write_sealed(manifest.parent, json.dumps(fields).encode())
    live = LiveIndex(folder)
    live.refresh()
    with pytest.raises(IndexUnavailable, match=r"encoder\.model.*another-model"), live.snapshot():
        pass


def test_a_running_service_changes_over_without_dropping_a_request(start: Start, tmp_path: Path) -> None:
    folder = build(tmp_path)
    client = start(index={"dir": folder, "poll_s": 0.05})
    first = client.get("/readyz").json()["generation"]
    statuses: list[int] = []
    generations: set[str] = set()
    done = threading.Event()

    def search() -> None:
        with httpx.Client(base_url=client.base_url, trust_env=False, timeout=60) as other:
            while not done.is_set():
                response = other.get("/api/v1/search", params={"q": "高カリウム血症の治療"})
                statuses.append(response.status_code)
                generations.add(response.json()["generation"])

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    build(tmp_path, MORE)
    deadline = time.monotonic() + 30
    while len(generations) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    done.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}
    assert len(generations) == 2
    assert client.get("/readyz").json()["generation"] != first


def test_answers_from_a_degraded_index_say_so(start: Start, tmp_path: Path) -> None:
    folder = build(tmp_path)
    build(tmp_path, MORE)
    damage_newest(folder)
    client = start(index={"dir": folder})
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["degraded"]) == (200, True)
    answer = client.post("/api/v1/answers", json={"question": "ネフローゼ症候群の原因は？"}).json()
    assert "index_degraded" in {notice["code"] for notice in answer["notices"]}

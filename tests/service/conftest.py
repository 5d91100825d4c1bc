"""A small real index, and the service on a real server with it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from corpora import CorpusSettings, read_corpus
from indexer import HybridIndex, IndexSettings, build_index
from service.api.app import create_app
from service.generators import Generator
from service.retrieval import IndexRetriever
from service.settings import Settings
from tests.service.running import served

DOCUMENTS = {
    "hyperkalaemia": """---
id: hyperkalaemia
title: CKD患者の高カリウム血症
edition: "2026-11"
review: 臨床的な査読を受けていない
---
# CKD患者の高カリウム血症

## 緊急度の評価
CKD患者の高カリウム血症では、12誘導心電図と血清カリウム値から緊急度を評価する。
血清カリウム値6.5 mEq/L以上または心電図変化があれば緊急治療の対象である。

## 初期対応
心電図変化を伴う高カリウム血症では、グルコン酸カルシウムを静注する。グルコース・インスリン療法で血清カリウム値を下げる。無尿の患者には輸液を行わない。

## 原因
RAS阻害薬、NSAIDs、カリウム保持性利尿薬は高カリウム血症の原因となる。

## 症状
高カリウム血症では筋力低下と不整脈がみられる。心電図ではテント状T波がみられる。
""",
    "nephrotic": """---
id: nephrotic
title: ネフローゼ症候群
edition: "2026-11"
---
# ネフローゼ症候群

## 原因
微小変化型、膜性腎症、巣状分節性糸球体硬化症がネフローゼ症候群の主な原因である。

## 症状
ネフローゼ症候群では浮腫と体重増加がみられる。

## 治療
微小変化型ネフローゼ症候群の治療にはステロイドを用いる。
""",
    "metformin": """---
id: metformin
title: メトホルミン
---
# メトホルミン

## 禁忌
eGFRが30 mL/分/1.73m2未満の患者にはメトホルミンを投与しない。

## 副作用
メトホルミンの副作用として下痢と悪心がある。まれに乳酸アシドーシスを起こす。
""",
}


def build(folder: Path, documents: dict[str, str] = DOCUMENTS) -> Path:
    """Build a generation of these documents in ``folder``/index."""
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True, parents=True)
    for name, text in documents.items():
        (corpus / f"{name}.md").write_text(text, encoding="utf-8")
    build_index(read_corpus([corpus], CorpusSettings()), folder / "index", IndexSettings())
    return folder / "index"


@pytest.fixture(scope="session")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="session")
def index(index_dir: Path) -> Iterator[HybridIndex]:
    with HybridIndex.open(index_dir) as opened:
        yield opened


@pytest.fixture(scope="session")
def retriever(index: HybridIndex) -> IndexRetriever:
    return IndexRetriever(index)


Start = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def start(index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a service; ``section={"field": …}`` changes its settings."""
    with ExitStack() as stack:

        def started(*, writer: Generator | None = None, **sections: dict[str, Any]) -> httpx.Client:
            values: dict[str, Any] = {
                "index": {"dir": index_dir, "poll_s": 0.1},
                "state": {"dir": tmp_path_factory.mktemp("state") / "state"},
            }
            for name, fields in sections.items():
                values[name] = {**values.get(name, {}), **fields}
            settings = Settings(**values)
            address = stack.enter_context(served(create_app(settings, generator=writer)))
            return stack.enter_context(httpx.Client(base_url=address, timeout=60, trust_env=False))

        yield started


@pytest.fixture(scope="module")
def client(start: Start) -> httpx.Client:
    """The service as it comes: no model, extractive answers."""
    return start()

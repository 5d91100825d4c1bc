"""Indexes that are searched by words alone: no text is encoded, so a large corpus takes minutes less.

Every vector is the same unit vector; the modes ``lexical`` and ``bigram`` never look at it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from indexer import EncoderIdentity
from indexer.encoders import Vectors
from indexer.generations import current_name
from indexer.manifest import read_manifest

IDENTITY = EncoderIdentity(name="none", model="none", version="1", dim=8, query_prompt="", passage_prompt="")


class NoVectors:
    """An encoder that says nothing. It stands in for any encoder where only words are searched."""

    def __init__(self, identity: EncoderIdentity = IDENTITY) -> None:
        self.identity = identity

    @classmethod
    def of(cls, index: Path) -> Self:
        """One that an index opens with, whatever encoder built it."""
        return cls(read_manifest(index / "generations" / current_name(index)).encoder)

    @property
    def dim(self) -> int:
        """Of the vectors it stands in for."""
        return self.identity.dim

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """float32, (len(texts), dim), all rows equal."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        vectors[:, 0] = 1.0
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """As passages."""
        return self.encode_passages(texts)

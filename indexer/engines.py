"""Which lexical engine an index has, and writing it."""

from collections.abc import Iterable
from pathlib import Path

from indexer.blocks import BlockIndex
from indexer.lexical import Bag, LexicalIndex
from indexer.rank_bm25_engine import RankBM25Index
from indexer.settings import Engine, LexicalSettings
from indexer.strings import SortedStrings

BLOCKS_FROM = 1_000
"""Passages. Both engines give the same hits, to the last bit. From here on ``blocks`` answers four times as
fast or more (docs/performance.md); below, a query takes less than a millisecond in either, and the files of
``files`` are the plainest there can be."""

LexicalClass = type[LexicalIndex] | type[BlockIndex] | type[RankBM25Index]


def resolved(settings: LexicalSettings, passages: int) -> LexicalSettings:
    """The same settings with ``auto`` decided; what the manifest records."""
    if settings.engine != "auto":
        return settings
    return settings.model_copy(update={"engine": "blocks" if passages >= BLOCKS_FROM else "files"})


def lexical_class(engine: Engine) -> LexicalClass:
    """Raises ``ValueError`` for ``auto``, which no index on disk has."""
    match engine:
        case "files":
            return LexicalIndex
        case "blocks":
            return BlockIndex
        case "rank-bm25":
            return RankBM25Index
        case _:
            raise ValueError(f"{engine!r} is no engine of an index")


def write_lexical(folder: Path, ids: SortedStrings, bags: Iterable[Bag], settings: LexicalSettings) -> None:
    """Index one bag for each id into ``folder``; ``blocks`` holds only a part of the bags at a time."""
    if settings.engine == "blocks":
        BlockIndex.write(folder, ids, bags, settings)
    else:
        lexical_class(settings.engine).build(ids, bags, settings).save(folder)

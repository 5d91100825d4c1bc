"""Values written in running text: 「血清Crは2.10 mg/dL」, 「血圧 128/80 mmHg」."""

import re
from functools import cache
from typing import NamedTuple

from benchmarks.cases.analytes import Analyte, analytes

_PRESSURE = re.compile(r"血圧[^0-9。、]{0,6}(\d{2,3})/(\d{2,3})")


class Mention(NamedTuple):
    """A value in a text; ``unit`` is ``None`` where no unit that the table knows follows."""

    analyte: Analyte
    value: float
    unit: str | None
    text: str


class Pressure(NamedTuple):
    """A blood pressure in mmHg."""

    systolic: int
    diastolic: int
    text: str


def mentions(text: str) -> list[Mention]:
    """The quantitative values in the order written. Words such as 「体重が3 kg減った」 are no value."""
    found = []
    by_name = _names()
    for match in _pattern().finditer(text):
        unit = next((unit for unit in _units() if text[match.end() :].lstrip(" ").startswith(unit)), None)
        value = float(match["value"].replace(",", ""))
        end = match.end() + (len(unit) + 1 if unit else 0)
        found.append(Mention(by_name[match["name"]], value, unit, text[match.start() : end].strip()))
    return found


def pressures(text: str) -> list[Pressure]:
    """Every blood pressure, in the order written."""
    return [Pressure(int(match[1]), int(match[2]), match[0]) for match in _PRESSURE.finditer(text)]


@cache
def _names() -> dict[str, Analyte]:
    return {
        name: analyte
        for analyte in analytes().values()
        if analyte.quantitative
        for name in (analyte.name, *analyte.aliases)
    }


@cache
def _units() -> list[str]:
    """Longest first, so that ``mg/dL`` is not read as ``mg``."""
    units = {unit for analyte in analytes().values() for unit in analyte.units} | {"g/L", "mg/L", "µmol/L"}
    return sorted(units, key=len, reverse=True)


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(_names(), key=len, reverse=True))
    return re.compile(
        rf"(?<![A-Za-z0-9/・-])(?P<name>{names})(?:値|濃度)?(?:は\s*|\s+)"
        r"(?P<value>[0-9][0-9,]*(?:\.[0-9]+)?)(?![0-9+/]|\s*(?:時間|分間|日|週|か月|年|歳|個|回))"
    )

"""Units, ranges, references and derived values of a case, in its panels and in its text."""

from collections import defaultdict
from collections.abc import Iterator

from benchmarks.cases.analytes import Analyte, analytes, measured
from benchmarks.cases.derived import FORMULAS, OSMOLALITY_SLACK, computed_osmolality, egfr_formula
from benchmarks.cases.findings import Finding, Rule
from benchmarks.cases.mentions import mentions, pressures
from service.cases.cases import Case, Panel, Result, Stage

HAEMATOCRIT_PER_HAEMOGLOBIN = (2.6, 3.5)
"""Ht (%) over Hb (g/dL); the normal ratio is about 3."""

AT_MOST = (("直接ビリルビン", "総ビリルビン"), ("Fe", "TIBC"), ("CK-MB", "CK"), ("HDL-C", "TC"))
"""The first is a part of the second."""


def value_findings(case: Case) -> Iterator[Finding]:
    """Everything found about the case's values."""
    units: dict[str, str | None] = {}
    references: dict[str, str | None] = {}
    for stage in case.stages:
        for panel in stage.panels:
            for result in panel.results:
                yield from _of_result(case, stage, result, units, references)
        for when, values in _samplings(stage.panels).items():
            yield from _derived(case, stage, when, values)
        for panel in stage.panels:
            yield from _twice(case, stage, panel)
        yield from _in_text(case, stage)


def _of_result(
    case: Case,
    stage: Stage,
    result: Result,
    units: dict[str, str | None],
    references: dict[str, str | None],
) -> Iterator[Finding]:
    name = result.analyte
    for seen, stated, ja in ((units, result.unit, "単位"), (references, result.reference, "基準範囲")):
        if seen.setdefault(name, stated) != stated:
            yield _fault(
                case,
                stage,
                "unit" if seen is units else "reference",
                f"{name} の{ja}が段階の間で違います: {seen[name]} と {stated}",
                f"{name}: {seen[name]} and {stated} in one case",
            )
    analyte = analytes().get(name)
    if analyte is None:
        yield Finding(
            case_id=case.case_id,
            rule="unknown_analyte",
            fault=False,
            stage=stage.name,
            ja=f"{name} は検査項目の表になく、単位と範囲を確かめていません",
            en=f"{name} is not in the table of analytes: its unit and range were not checked",
        )
        return
    if analyte.units and result.unit not in analyte.units:
        accepted = " / ".join(analyte.units)
        yield _fault(
            case,
            stage,
            "unit",
            f"{name} の単位 {result.unit} は使えません: {accepted}",
            f"{name}: unit {result.unit} is not one of {accepted}",
        )
        return
    if not analyte.units and result.unit:
        yield _fault(case, stage, "unit", f"{name} に単位はありません: {result.unit}", f"{name} has no unit")
        return
    yield from _range(case, stage, analyte, result)
    reference = analyte.reference_for(case.patient.sex)
    if result.unit in (*list(analyte.units)[:1], None) and result.reference not in (reference, None):
        yield _fault(
            case,
            stage,
            "reference",
            f"{name} の基準範囲 {result.reference} は表の {reference} と違います",
            f"{name}: reference {result.reference}, the table has {reference}",
        )


def _range(case: Case, stage: Stage, analyte: Analyte, result: Result) -> Iterator[Finding]:
    if analyte.low is None or analyte.high is None:
        return
    number = measured(result.value)
    if number is None:
        yield _fault(
            case,
            stage,
            "range",
            f"{analyte.name} は数値で書きます: {result.value}",
            f"{analyte.name} is a number, not {result.value!r}",
        )
        return
    value = number.value * (analyte.units[result.unit] if result.unit else 1.0)
    if not analyte.low <= value <= analyte.high:
        yield _implausible(case, stage, analyte, result.rendered())


def _samplings(panels: tuple[Panel, ...]) -> dict[str, dict[str, float]]:
    """When → analyte → value in the main unit, of exact numbers."""
    table = analytes()
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for panel in panels:
        for result in panel.results:
            number, analyte = measured(result.value), table.get(result.analyte)
            if number is None or not number.exact or analyte is None:
                continue
            factor = analyte.units.get(result.unit, 1.0) if result.unit else 1.0
            found[panel.when].setdefault(result.analyte, number.value * factor)
    return found


def _derived(case: Case, stage: Stage, when: str, values: dict[str, float]) -> Iterator[Finding]:
    egfr = egfr_formula(case.patient)
    for formula in (*FORMULAS, *((egfr,) if egfr else ())):
        if formula.result in values and all(name in values for name in formula.inputs):
            computed, stated = formula.compute(values), values[formula.result]
            if not formula.allows(stated, computed):
                inputs = ", ".join(f"{name} {values[name]:g}" for name in formula.inputs)
                yield _fault(
                    case,
                    stage,
                    "derived",
                    f"{when}: {formula.result} {stated:g} は {inputs} からの {computed:.2f} と合いません",
                    f"{when}: {formula.result} is {stated:g}, but {inputs} give {computed:.2f}",
                )
    if {"浸透圧", "Na", "Glu", "BUN"} <= values.keys() and "浸透圧ギャップ" not in values:
        gap = values["浸透圧"] - computed_osmolality(values)
        if abs(gap) > OSMOLALITY_SLACK:
            yield _fault(
                case,
                stage,
                "derived",
                f"{when}: 浸透圧 {values['浸透圧']:g} は計算値と {gap:+.0f} 違います",
                f"{when}: osmolality is {values['浸透圧']:g}, {gap:+.0f} from the computed one",
            )
    if {"Hb", "Ht"} <= values.keys():
        low, high = HAEMATOCRIT_PER_HAEMOGLOBIN
        if not low <= values["Ht"] / values["Hb"] <= high:
            yield _fault(
                case,
                stage,
                "derived",
                f"{when}: Hb {values['Hb']:g} と Ht {values['Ht']:g} の比が合いません",
                f"{when}: Hb {values['Hb']:g} and Ht {values['Ht']:g} do not fit each other",
            )
    for part, whole in AT_MOST:
        if values.get(part, 0.0) > values.get(whole, float("inf")):
            yield _fault(
                case,
                stage,
                "derived",
                f"{when}: {part} が {whole} を超えています",
                f"{when}: {part} > {whole}",
            )


def _twice(case: Case, stage: Stage, panel: Panel) -> Iterator[Finding]:
    seen: dict[str, int | float | str] = {}
    for other in stage.panels:
        if other.when != panel.when:
            continue
        for result in other.results:
            if seen.setdefault(result.analyte, result.value) != result.value and other is panel:
                yield _fault(
                    case,
                    stage,
                    "derived",
                    f"{panel.when}: {result.analyte} の値が二つあります",
                    f"{panel.when}: {result.analyte} has two values",
                )


def _in_text(case: Case, stage: Stage) -> Iterator[Finding]:
    for mention in mentions(stage.text):
        analyte = mention.analyte
        if mention.unit and analyte.units and mention.unit not in analyte.units:
            yield _fault(
                case,
                stage,
                "unit",
                f"本文の「{mention.text}」の単位は {' / '.join(analyte.units)} です",
                f"text: {mention.text!r} should be in {' / '.join(analyte.units)}",
            )
            continue
        value = mention.value * (analyte.units.get(mention.unit, 1.0) if mention.unit else 1.0)
        if analyte.low is not None and analyte.high is not None and not analyte.low <= value <= analyte.high:
            yield _implausible(case, stage, analyte, mention.text)
    for pressure in pressures(stage.text):
        plausible = 30 <= pressure.systolic <= 300 and 10 <= pressure.diastolic <= 200
        if not plausible or pressure.systolic <= pressure.diastolic:
            yield _fault(
                case,
                stage,
                "range",
                f"本文の「{pressure.text}」はあり得ない値です",
                f"text: {pressure.text!r} is no blood pressure",
            )


def _implausible(case: Case, stage: Stage, analyte: Analyte, written: str) -> Finding:
    limits = f"{analyte.low:g}–{analyte.high:g}"
    return _fault(
        case,
        stage,
        "range",
        f"「{written}」はあり得る範囲 {limits} の外です",
        f"{written!r} is outside the plausible {limits}",
    )


def _fault(case: Case, stage: Stage, rule: Rule, ja: str, en: str) -> Finding:
    return Finding(case_id=case.case_id, rule=rule, fault=True, stage=stage.name, ja=ja, en=en)

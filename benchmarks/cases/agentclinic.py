"""Cases from AgentClinic's OSCE records (Schmidgall et al., arXiv:2405.07960).

``Patient_Actor`` becomes the history, ``Physical_Examination_Findings`` and ``Test_Results`` the tests and
``Correct_Diagnosis`` the gold diagnosis. The records end with the diagnosis, so the course is marked
absent, and they hold no key points. ``Objective_for_Doctor`` is a task, not a finding, and is left out.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.cases.keys import CaseKey
from service.cases.cases import Case, Patient, Sex, Stage, Status
from service.cases.errors import BadCase

SOURCE = "AgentClinic, OSCE records (Schmidgall et al., arXiv:2405.07960)"
CONVERTED = Status(
    en="converted from AgentClinic, not clinically reviewed",
    ja="AgentClinicから変換した症例。臨床的な査読を受けていない",
)
NO_COURSE = "AgentClinic records end with the test results"

MAX_DEPTH = 8
"""Levels of nesting; the published records have at most four."""

_AGE = re.compile(r"\b(\d{1,3})[- ]?(?:years?|yrs?|yo\b|y/o)", re.I)
_SEX: dict[Sex, re.Pattern[str]] = {
    "female": re.compile(r"\b(?:female|woman|girl)\b", re.I),
    "male": re.compile(r"\b(?:male|man|boy)\b", re.I),
}


class Converted(NamedTuple):
    """A case and its key."""

    case: Case
    key: CaseKey


def convert_file(file: Path, prefix: str = "agentclinic") -> list[Converted]:
    """Every record of a JSON or JSON Lines file, numbered from 1 in the order written.

    Raises:
        BadCase: If the file cannot be read or a record is no OSCE record; names the record.
    """
    records = list(_records(file))
    if not records:
        raise BadCase(file, "it holds no record")
    return [_convert(file, number, record, prefix) for number, record in enumerate(records, start=1)]


def _records(file: Path) -> Iterator[Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCase(file, getattr(error, "strerror", None) or "it is not UTF-8") from None
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    raise BadCase(file, f"line {number} is not JSON") from None
        return
    yield from whole if isinstance(whole, list) else [whole]


def _convert(file: Path, number: int, record: Any, prefix: str) -> Converted:
    osce = record.get("OSCE_Examination", record) if isinstance(record, dict) else None
    if not isinstance(osce, dict) or not isinstance(osce.get("Patient_Actor"), dict):
        raise BadCase(file, f"record {number} has no OSCE_Examination with a Patient_Actor")
    actor = osce["Patient_Actor"]
    diagnosis = osce.get("Correct_Diagnosis")
    if not isinstance(diagnosis, str) or not diagnosis.strip():
        raise BadCase(file, f"record {number} has no Correct_Diagnosis")
    findings = {
        "Physical Examination": osce.get("Physical_Examination_Findings"),
        "Test Results": osce.get("Test_Results"),
    }
    history, tests = _lines(actor), _lines(findings)
    if not history or not tests:
        raise BadCase(file, f"record {number} lacks a history, or examination and test results")
    case_id = f"{prefix}-{number:04d}"
    case = Case(
        case_id=case_id,
        specialty="unknown",
        language="en",
        status=CONVERTED,
        source=SOURCE,
        patient=_patient(str(actor.get("Demographics", ""))),
        stages=(
            Stage(name="history", text="\n".join(history)),
            Stage(name="tests", text="\n".join(tests)),
            Stage(name="course", absent=NO_COURSE),
        ),
    )
    return Converted(case, _key(case_id, diagnosis.strip()))


def _key(case_id: str, diagnosis: str) -> CaseKey:
    """``Progressive multifocal encephalopathy (PML)`` is the name and, in brackets, its abbreviation."""
    match = re.fullmatch(r"(.+?)\s*\(([^()]+)\)", diagnosis)
    name, synonyms = (match[1], (match[2],)) if match else (diagnosis, ())
    return CaseKey(case_id=case_id, status=CONVERTED, source=SOURCE, gold_diagnosis=name, synonyms=synonyms)


def _patient(demographics: str) -> Patient:
    age = _AGE.search(demographics)
    sexes = [sex for sex, pattern in _SEX.items() if pattern.search(demographics)]
    years = int(age[1]) if age else None
    return Patient(
        age=years if years is not None and years <= 120 else None,
        sex=sexes[0] if len(sexes) == 1 else None,
    )


def _lines(value: Any, depth: int = 0) -> list[str]:
    """Nested fields as indented lines, names without their underscores; empty ones are left out."""
    indent = "  " * depth
    if depth > MAX_DEPTH or value in (None, "", [], {}):
        return []
    if isinstance(value, dict):
        lines: list[str] = []
        for name, inner in value.items():
            label = str(name).replace("_", " ")
            if isinstance(inner, dict):
                below = _lines(inner, depth + 1)
                lines += [f"{indent}{label}:", *below] if below else []
            elif words := _words(inner):
                lines.append(f"{indent}{label}: {words}")
        return lines
    return [f"{indent}{words}"] if (words := _words(value)) else []


def _words(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(filter(None, (_words(inner) for inner in value)))
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_words(inner)}" for name, inner in value.items())
    return "" if value is None else str(value).strip()

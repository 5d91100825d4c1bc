"""Check a case and its key: form, protocol, leaks between stages, values."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.cases.findings import Finding, Rule
from benchmarks.cases.keys import CaseKey
from benchmarks.cases.leaks import leaks
from benchmarks.cases.values import value_findings
from service.cases.cases import SEX_WORDS, Case
from service.cases.errors import BadCase
from service.cases.loading import SUFFIXES, load, load_case
from service.cases.protocol import Protocol

UNREVIEWED = {"en": "not clinically reviewed", "ja": "臨床的な査読を受けていない"}
"""What the status of every case and key must say."""


def check_file(file: Path, keys: Path | None, protocol: Protocol) -> list[Finding]:
    """Everything found about one case file and its key in the folder ``keys``, faults first."""
    try:
        case = load_case(file)
    except BadCase as error:
        return [_broken(file, error)]
    key: CaseKey | None = None
    if keys is not None:
        try:
            key = load_key(keys, case.case_id)
        except BadCase as error:
            return [_broken(file, error)]
    return sorted(check(case, key, protocol), key=lambda finding: not finding.fault)


def load_key(folder: Path, case_id: str) -> CaseKey:
    """The key of that case.

    Raises:
        BadCase: If the folder holds none, or it cannot be read, or it is another case's.
    """
    files = [folder / f"{case_id}{suffix}" for suffix in SUFFIXES]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise BadCase(files[0], "the case has no key: write one, or check the case alone with --no-keys")
    key = load(CaseKey, file)
    if key.case_id != case_id:
        raise BadCase(file, f"it is the key of {key.case_id}")
    return key


def check(case: Case, key: CaseKey | None, protocol: Protocol) -> Iterator[Finding]:
    """Everything found about a case that could be read."""
    yield from _of_protocol(case, protocol)
    yield from _status(case, key)
    yield from _patient(case)
    if key is not None:
        yield from _of_key(case, key, protocol)
    yield from leaks(case, key)
    yield from value_findings(case)


def _of_protocol(case: Case, protocol: Protocol) -> Iterator[Finding]:
    expected = [stage.name for stage in protocol.stages]
    found = [stage.name for stage in case.stages]
    if expected != found:
        ja = f"段階 {found} が手順書 {protocol.name} の {expected} と違います"
        yield _finding(case, "protocol", ja, f"stages {found}, {protocol.name} has {expected}")
    for stage in case.stages:
        if stage.absent is not None:
            ja, en = f"段階がありません: {stage.absent}", f"the stage is absent: {stage.absent}"
            yield _finding(case, "absent_stage", ja, en, fault=False, stage=stage.name)


def _status(case: Case, key: CaseKey | None) -> Iterator[Finding]:
    for what, status in (("case", case.status), ("key", key.status if key else case.status)):
        if UNREVIEWED["en"] not in status.en or UNREVIEWED["ja"] not in status.ja:
            ja = f"{what} の status に「{UNREVIEWED['ja']}」/「{UNREVIEWED['en']}」がありません"
            yield _finding(case, "status", ja, f"the {what}'s status must say {UNREVIEWED['en']!r}, in both")


def _patient(case: Case) -> Iterator[Finding]:
    if case.language != "ja":
        return
    first = case.stages[0]
    age, sex = case.patient.age, case.patient.sex
    if age is not None and f"{age}歳" not in first.text:
        ja = f"最初の段階に年齢「{age}歳」がありません"
        yield _finding(
            case, "patient", ja, f"the first stage does not state the age, {age}", stage=first.name
        )
    if sex is not None and not any(word in first.text for word in SEX_WORDS[sex]):
        ja = f"最初の段階に性別「{SEX_WORDS[sex][0]}」がありません"
        yield _finding(
            case, "patient", ja, f"the first stage does not state the sex, {sex}", stage=first.name
        )


def _of_key(case: Case, key: CaseKey, protocol: Protocol) -> Iterator[Finding]:
    if not key.questions:
        ja, en = "鍵に設問ごとの要点がありません", "the key has a diagnosis only, and no key points"
        yield _finding(case, "key", ja, en, fault=False)
        return
    missing = [question for question in protocol.question_ids if question not in key.questions]
    unknown = [question for question in key.questions if question not in protocol.question_ids]
    for names, ja, en in ((missing, "足りない", "lacks"), (unknown, "知らない", "has unknown")):
        if names:
            listed = ", ".join(names)
            yield _finding(case, "key", f"鍵に{ja}設問: {listed}", f"the key {en} questions: {listed}")
    if stages := [stage for stage in key.later_terms if stage not in {stage.name for stage in case.stages}]:
        yield _finding(case, "key", f"later_terms に知らない段階: {stages}", f"unknown stages: {stages}")


def duplicates(files: Iterable[Path]) -> list[str]:
    """Ids that two of the files have: two records of a run could not be told apart."""
    times = Counter(file.stem for file in files)
    return sorted(name for name, count in times.items() if count > 1)


def _broken(file: Path, error: BadCase) -> Finding:
    return Finding(case_id=file.stem, rule="schema", fault=True, stage=None, ja=error.ja, en=error.en)


def _finding(
    case: Case, rule: Rule, ja: str, en: str, *, fault: bool = True, stage: str | None = None
) -> Finding:
    return Finding(case_id=case.case_id, rule=rule, fault=fault, stage=stage, ja=ja, en=en)

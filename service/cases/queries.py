"""What is searched for a question of a case: the findings known at its stage, and what it asks.

A whole case is a poor query: most of its words are negative findings and normal values. So the query is
the chief complaint, the stage's positive findings, its abnormal results by the names that texts use
(高カリウム血症, not K 6.9), the diagnosis reached so far where one is carried, and the protocol's
search words.
"""

import re

from service.cases.cases import Result, Stage
from service.cases.protocol import ProtocolQuestion
from service.cases.views import StageView
from service.markers import without_markers
from service.questions import MAX_QUERY_CHARS

RESULTS = 5
"""Results named in a query; more would outweigh the complaint."""

POSITIVE_CHARS = 120
"""Of positive findings in words."""

LISTED_CHARS = 10
"""A clause this short is one of a list, and shares the list's negation."""

RESULT_NAMES: dict[tuple[str, bool], str] = {
    ("K", True): "高カリウム血症",
    ("K", False): "低カリウム血症",
    ("Na", True): "高ナトリウム血症",
    ("Na", False): "低ナトリウム血症",
    ("補正Ca", True): "高カルシウム血症",
    ("補正Ca", False): "低カルシウム血症",
    ("HCO3", True): "代謝性アルカローシス",
    ("HCO3", False): "代謝性アシドーシス",
    ("尿蛋白/Cr比", True): "蛋白尿",
    ("尿赤血球", True): "血尿",
    ("Cr", True): "腎機能低下",
    ("Plt", False): "血小板減少",
    ("Hb", False): "貧血",
    ("好酸球", True): "好酸球増多",
    ("Glu", False): "低血糖",
    ("総ケトン体", True): "ケトーシス",
    ("CK", True): "CK上昇",
    ("総ビリルビン", True): "黄疸",
    ("NT-proBNP", True): "心不全",
    ("Dダイマー", True): "Dダイマー高値",
}
"""(analyte, above its range) → the word that texts use; the order is the one they enter a query in."""

_NEGATIVE = re.compile(r"なし|ない|なく|陰性|正常|異常を認め|認めず|認めない|触れず|触知せず")

CARRIED_CHARS = 60

_COMPLAINT = re.compile(r"【主訴】(.+)")
_RANGE = re.compile(r"\s*([0-9.,]+)\s*[–-]\s*([0-9.,]+)\s*")
_BOUND = re.compile(r"\s*([<≤≦>≥≧])\s*([0-9.,]+)\s*")
_NUMBER = re.compile(r"[<>≦≧≤≥]?\s*([0-9][0-9.,]*)")


def case_query(view: StageView, question: ProtocolQuestion, diagnosis: str | None = None) -> str:
    """The query of one question.

    Args:
        diagnosis: The carried answer that names one, if there is any; its first words are used.
    """
    parts = [complaint(view.stages[0]), positives(view.now), *notable(view)]
    if diagnosis:
        parts.append(first_line(diagnosis)[:CARRIED_CHARS])
    return " ".join(filter(None, [*parts, question.search_words]))[:MAX_QUERY_CHARS]


def first_line(text: str) -> str:
    """The first line that is no heading, without its list mark and citations."""
    lines = (line.strip() for line in without_markers(text).splitlines())
    line = next((line for line in lines if line and not line.startswith(("【", "#"))), "")
    return re.sub(r"^(?:[-・*]|[0-9]+[.)])\s*", "", line)


def complaint(first: Stage) -> str:
    """The chief complaint, or the history's first 60 characters where none is marked."""
    match = _COMPLAINT.search(first.text)
    return match[1].strip() if match else " ".join(first.text.split())[:60]


def positives(stage: Stage) -> str:
    """The stage's findings in words, without those that are only said to be absent."""
    kept: list[str] = []
    for sentence in re.split(r"[。\n]|【[^】]*】", _COMPLAINT.sub("", stage.text)):
        listed: list[str] = []
        for clause in filter(None, (part.strip() for part in sentence.split("、"))):
            if _NEGATIVE.search(clause):
                listed = []  # 「胸痛、吐血、下血はない」 denies the whole list
            elif len(clause) <= LISTED_CHARS:
                listed.append(clause)
            else:
                kept += [*listed, clause]
                listed = []
        kept += listed
    return " ".join(kept)[:POSITIVE_CHARS].strip()


def notable(view: StageView) -> list[str]:
    """The abnormal results of the newest stage that has any, by name, in the order of `RESULT_NAMES`."""
    measured = next((stage for stage in reversed(view.stages) if stage.panels), None)
    if measured is None:
        return []
    outside: set[tuple[str, bool]] = set()
    for panel in measured.panels:
        for result in panel.results:
            if by := deviation(result):
                outside.add((result.analyte, by > 0))
    return [name for key, name in RESULT_NAMES.items() if key in outside][:RESULTS]


def deviation(result: Result) -> float:
    """How far outside its reference: the ratio to the bound it passes, above 1, negative when below.

    0 within the range, and where the value or the reference is no number.
    """
    number = _NUMBER.fullmatch(str(result.value).strip())
    if number is None or result.reference is None:
        return 0.0
    value = _value(number[1])
    low, high = _bounds(result.reference)
    if high is not None and value > high:
        return value / high if high else 0.0
    if low is not None and value < low:
        return -(low / value) if value else 0.0
    return 0.0


def _bounds(reference: str) -> tuple[float | None, float | None]:
    if match := _RANGE.fullmatch(reference):
        return _value(match[1]), _value(match[2])
    if match := _BOUND.fullmatch(reference):
        bound = _value(match[2])
        return (None, bound) if match[1] in "<≤≦" else (bound, None)
    return None, None


def _value(text: str) -> float:
    return float(text.replace(",", ""))

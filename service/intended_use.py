"""What this server is for, kept to in code: the ``[site]`` section's ``intended_use``.

In Japan a program that shows disease candidates for one patient from what is entered about them can be a
medical device (プログラムの医療機器該当性に関するガイドライン, MHLW, 31 March 2021, amended 31 March 2023;
docs/hospital.md). So in ``reference`` mode, the default, a question that describes one patient and asks what
they have is not answered; one about a disease, a drug or a finding is. ``research`` answers both.

It is a rule over words: it catches how such questions are usually put, and no more. Questions with choices
are those of examinations, and pass.
"""

import re
from typing import Literal

from corpora import Frozen
from service.errors import BadRequest
from service.questions import Question

IntendedUse = Literal["reference", "research"]


class SiteSettings(Frozen):
    """The ``[site]`` section."""

    intended_use: IntendedUse = "reference"


class OutsideIntendedUse(BadRequest):
    """The question asks for a diagnosis of one patient, and this server is a reference work."""

    code = "outside-intended-use"


_PERSON = "男|女|患者|児|妊婦|会社員|主婦|高齢者|方"
_ONE_PATIENT = re.compile(
    rf"\d{{1,3}}\s*(?:歳|才|か月|カ月|ヶ月|ヵ月|代|日齢)[のにて、,\s]{{0,2}}[^。、\s]{{0,4}}(?:{_PERSON})"
    r"|(?:この|当該|私の|担当している|入院中の)(?:患者|症例|方)|本症例|自験例"
    r"|\b\d{1,3}[ -](?:year|month|week|day)s?[ -]old\b|\b(?:this|my|our) patient\b",
    re.I,
)
_WHAT_THEY_HAVE = re.compile(
    r"鑑別|診断(?!基準|書|群分類)|(?:考えられる|疑われる|可能性の(?:ある|高い))(?:疾患|病気|病名|病態|もの)"
    r"|何の病気|何(?:を|が)(?:疑|考え)|\bdiagnos(?:is|es|e)\b|\bdifferential\b"
    r"|\bwhat (?:disease|condition|does .{1,40} have)",
    re.I,
)


def asks_for_a_diagnosis(question: Question) -> bool:
    """Whether an open question describes one patient and asks what they have."""
    if question.choices:
        return False
    return bool(_ONE_PATIENT.search(question.text) and _WHAT_THEY_HAVE.search(question.text))


def check_intended_use(question: Question, intended_use: IntendedUse) -> None:
    """Raise `OutsideIntendedUse` where the question is not what this server is for."""
    if intended_use == "reference" and asks_for_a_diagnosis(question):
        raise OutsideIntendedUse(
            "この設定(参照用)では、特定の患者の診断や鑑別を尋ねる質問には回答しません。"
            "疾患・薬剤・所見についての質問に書き換えてください。診断は担当医が行ってください。",
            "As it is set up (reference), this server does not answer what one patient has: ask about the "
            "disease, drug or finding instead. Diagnosis is the physician's.",
        )

"""Rules that find what a medical question asks for: its topic, and one aspect a step.

「CKD患者で高カリウム血症を認めたときの初期対応は？」 asks two things of one topic
(「CKD患者の高カリウム血症」): how urgent it is and what to do at once. A word counts as an aspect only
where it is asked for (「治療は」「原因と症状を」), not where it is part of the story (「治療抵抗性高血圧」
「診断された患者」).
"""

import re
from typing import NamedTuple

from service.generators.aspect_table import ASPECTS, IMMEDIATE, INITIAL_EN, INITIAL_JA, URGENCY, Aspect
from service.questions import Language, Question

# What may follow an aspect that is asked for.
_ASKED_JA = (
    r"(?=\s*(?:$|[?？。、，,・／/]|は(?!さ)|と(?!し?て?い|も|な)|や|か|および|及び|ならびに|並びに|または|もしくは|"
    r"を(?!訴|認|呈|伴|有|示|受|行っ|施行|開始|中止|継続|経|繰)|について|に関し|として|です|で(?:す|しょ)|"
    r"に(?:は何|用い|必要|使)|を行う(?:べき|か)|が知りた|の(?:違い|差|比較|方法|方針|進め方|手順|要点|概要|選択|目安|流れ|内容|基本|原則|"
    r"ポイント|選択肢|基準|目標|仕方|種類|注意点|優先順位|考え方)|"
    r"する(?=か|べき|に|方法|には)|すべき|し(?:ます|たら)|され(?:ます|るか)|できますか))"
)
_COMPARE_JA = re.compile(r"(.{1,40}?)と(.{1,40}?)の(?:(.{1,12}?)の)?(?:違い|相違点?|差異?|比較)")
_COMPARE_EN = re.compile(
    r"(?:differences?|distinction|compar(?:e|ison)(?: of)?)\s*(?:between\s+)?"
    r"(.+?)\s+(?:and|with|versus|vs\.?)\s+(.+?)[?.]*$",
    re.I,
)

_TAIL_JA = re.compile(
    r"(?:[、，,\s]|は?どう|どのように|の|で|に|を|が|は|と|や|における|に対する|に対して|に関する|について|に伴う|による|の場合|場合|"
    r"(?:を|が)(?:認め|疑っ|疑う|来し|来た|呈し|生じ|起こし|みら|見ら|あ|伴|伴っ)(?:[ぁ-ん]{0,6})|"
    r"(?:した|する|な|である|の)?(?:とき|時|際|患者に対して)|どのような|どんな|主な|代表的な|最も|適切な|その|行うべき|とるべき|すべき|もの|こと|まず)+$"
)
_HEAD_JA = re.compile(r"^(?:どのように|どのような|なぜ|では|それでは|次の|以下の)+")
_PATIENT_JA = re.compile(r"(患者|症例|妊婦|小児|高齢者)(?:で|に|における)(?=.)")
_ASK_JA = re.compile(
    r"(?:は?(?:何|なに)(?:です|でしょう)?か?|とは(?:何|なに)?|を?教えて(?:ください|下さい)?|を?(?:説明|述べ)(?:して|て)?(?:ください|下さい|よ)?|"
    r"は?どう(?:する|し|なり|です|でしょう)[^?？]*|は?どの(?:よう|程度)[^?？]*|はどれ[^?？]*|はいつ[^?？]*|ですか|でしょうか|ますか)[?？。\s]*$|[?？。\s]+$"
)
_STOP_EN = re.compile(
    r"\b(?:(?:patients?|people|adults?|children) with|what|which|how|when|why|who|is|are|was|were|be|do|"
    r"does|did|should|can|could|would|will|the|a|an|of|for|to|please|explain|describe|list|tell|me|about|main|most|common|appropriate|best|it|you|we|and|or|its|their|"
    r"one|my|patients?)\b|[?.,;:!]",
    re.I,
)


class Asked(NamedTuple):
    """One step's worth of a question."""

    sub_question: str
    query: str
    topic: str


def asked(question: Question, max_steps: int) -> tuple[Asked, ...]:
    """What the stem asks, in the order asked, at most ``max_steps``; at least one."""
    found = _japanese(question.text) if question.language == "ja" else _english(question.text)
    return found[:max_steps]


def _matches(text: str, language: Language) -> list[tuple[int, int, Aspect]]:
    """Aspects asked for, with their place, in text order; overlapping ones only once."""
    taken: list[tuple[int, int, Aspect]] = []
    initial = re.search(INITIAL_JA, text) if language == "ja" else re.search(INITIAL_EN, text, re.I)
    if initial:
        taken += [(initial.start(), initial.end(), URGENCY), (initial.start(), initial.end(), IMMEDIATE)]
    for aspect in ASPECTS:
        pattern = f"(?:{aspect.ja}){_ASKED_JA}" if language == "ja" else rf"\b(?:{aspect.en})\b"
        for match in re.finditer(pattern, text, re.I):
            free = all(match.end() <= start or match.start() >= end for start, end, _ in taken)
            if free:
                taken.append((match.start(), match.end(), aspect))
    taken.sort(key=lambda item: item[:2])
    first: dict[str, tuple[int, int, Aspect]] = {}
    for item in taken:
        first.setdefault(item[2].label_ja, item)
    return list(first.values())


def _japanese(text: str) -> tuple[Asked, ...]:
    compared = _COMPARE_JA.search(text)
    if compared and compared[1].strip() and compared[2].strip():
        about = compared[3] or "特徴"
        sides = (_topic_ja(compared[1]), _topic_ja(compared[2]))
        return tuple(Asked(f"{side}の{about}", f"{side} {about}", side) for side in sides if side)
    matches = _matches(text, "ja")
    if not matches:
        topic = _topic_ja(_ASK_JA.sub("", text)) or text
        return (Asked(text, text.strip("?？。 "), topic),)
    topic = _topic_ja(text[: matches[0][0]]) or _topic_ja(_ASK_JA.sub("", text[matches[-1][1] :]))
    if not topic:
        return (Asked(text, text, text),)
    return tuple(
        Asked(f"{topic}の{aspect.label_ja}", f"{topic} {aspect.query_ja}", topic) for _, _, aspect in matches
    )


def _topic_ja(text: str) -> str:
    text = _HEAD_JA.sub("", _TAIL_JA.sub("", text.strip())).strip("「」『』 　、。")
    return _PATIENT_JA.sub(r"\1の", text)


def _english(text: str) -> tuple[Asked, ...]:
    compared = _COMPARE_EN.search(text)
    if compared:
        sides = (_topic_en(compared[1]), _topic_en(compared[2]))
        return tuple(Asked(f"Features of {side}", f"{side} features", side) for side in sides if side)
    matches = _matches(text, "en")
    topic = _topic_en(_without(text, matches))
    if not matches or not topic:
        return (Asked(text, topic or text, topic or text),)
    return tuple(
        Asked(
            f"{aspect.label_en[0].upper()}{aspect.label_en[1:]} of {topic}",
            f"{topic} {aspect.query_en}",
            topic,
        )
        for _, _, aspect in matches
    )


def _without(text: str, matches: list[tuple[int, int, Aspect]]) -> str:
    for start, end in sorted({(start, end) for start, end, _ in matches}, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text


def _topic_en(text: str) -> str:
    words = _STOP_EN.sub(" ", text).split()
    while words and words[0].lower() in ("in", "with", "on", "at", "by"):
        words.pop(0)
    while words and words[-1].lower() in ("in", "with", "on", "at", "by"):
        words.pop()
    return " ".join(words)

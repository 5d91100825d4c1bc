"""Make a follow-up question stand alone by rules: carry its topic over from the question before it.

Where no rule applies the question is left as it is: a topic too many sends the search astray, and the reader
sees what was searched for.
"""

import re
from collections.abc import Sequence

from service.conversing.rewrite_prompt import Turn
from service.generators.aspects import asked
from service.questions import Question

_POINTING = re.compile(r"[あそこど]れ|[あそこど]の|同じ|上記|前述|(?:it|this|that|these|those)\b", re.I)
_THING = r"(?:薬剤?|疾患|病気|病態|症候群|治療薬?|検査|場合|患者)"
_OF_IT = re.compile(rf"(?:その|この|あの|同じ|上記の|前述の)(?:{_THING}(?=[のはがをにで、]))?(?:の)?")
_IT = re.compile(r"(?:それ|これ|そちら|こちら)(?=[はがをにでの、])")
_OPENING = re.compile(r"^(?:では|じゃあ|それでは|それなら|ちなみに|また|なお|あと)[、，]?\s*")
_IN_WHOM = re.compile(
    r"^(.{1,16}?)(?:の?(?:場合|とき|時)(?:は|には|では)?|では|には|だと|なら)"
    r"(?:、?(?:どう(?:です|でしょう|なります|します)?か?|いかがですか))?[?？。]*$"
)
_MORE = re.compile(
    r"^(?:(?:もっと|もう少し|さらに)?(?:詳しく|詳細|具体的に).{0,8}|なぜ.{0,8}|理由は?|どうして.{0,8}|他に(?:は|も)?.{0,8}|ほかに(?:は|も)?.{0,8}"
    r"|(?:why|how come|more|go on|explain more|anything else)\b.{0,20})[?？。.]*$",
    re.I,
)
_ITS = re.compile(r"\b(?:its|their)\b", re.I)
_IT_EN = re.compile(r"\b(?:it|they|them|this|that|these|those)(?: (?:drug|disease|condition|one))?\b", re.I)
_ABOUT = re.compile(
    r"^(?:and|what about|how about|and what about)\s+(?:(in|for|with|during)\s+)?(?:the\s+)?(.{2,60}?)[?.]*$",
    re.I,
)
_SAYS_JA = re.compile(r"[ぁ-ゖァ-ヺ一-龥々]{2}|[一-龥]|[A-Za-z0-9]{2}")
_SAYS_EN = re.compile(r"[A-Za-z]{2}")
_HAS_PARTICLE = re.compile(r"^(?:の|は|が|を|に|で)")


def carried_over(question: Question, turns: Sequence[Turn]) -> str:
    """The question with its topic; as it is where it has one of its own, or where nothing came before."""
    if not turns:
        return question.text
    before = turns[-1].question
    topic = topic_of(before)
    if not topic:
        return question.text
    rules = _japanese if question.language == "ja" else _english
    return rules(question.text.strip(), before, topic)


def topic_of(text: str) -> str:
    """What a question is about; empty where no rule can tell."""
    first = asked(Question(text=text), 1)[0]
    topic = first.topic.strip()
    return "" if topic == text.strip() or len(topic) > 60 or _POINTING.match(topic) else topic


def _japanese(text: str, before: str, topic: str) -> str:
    if _MORE.match(text):
        return f"{before.rstrip('?？。')}({text.rstrip('?？。')})"
    opened = _OPENING.sub("", text)
    if not _SAYS_JA.search(opened):
        return text
    if found := _OF_IT.match(opened):
        rest = opened[found.end() :]
        return f"{topic}{rest}" if _HAS_PARTICLE.match(rest) else f"{topic}の{rest}"
    if _IT.search(opened):
        return _IT.sub(topic, opened, count=1)
    if _OF_IT.search(opened):
        return _OF_IT.sub(f"{topic}の", opened, count=1)
    if (whom := _IN_WHOM.match(opened)) and topic not in opened and whom[1] not in before:
        return f"{whom[1]}における{before}"
    first = asked(Question(text=opened), 1)[0]
    if first.aspect is None and first.topic != opened:
        return text  # it names a topic of its own
    if first.topic in ("", opened) and len(opened) <= 30 and topic not in opened:
        return f"{topic}の{opened}"
    return text


def _english(text: str, before: str, topic: str) -> str:
    if _MORE.match(text):
        return f"{before.rstrip('?. ')} ({text.rstrip('?. ')})?"
    if about := _ABOUT.match(text):
        if about[1]:
            return f"{before.rstrip('?. ')} {about[1].lower()} {about[2]}?"
        return f"{about[2][0].upper()}{about[2][1:]} of {topic}?"
    if not _SAYS_EN.search(text):
        return text
    if _ITS.search(text):
        return _ITS.sub(f"{topic}'s", text, count=1)
    if _IT_EN.search(text):
        return _IT_EN.sub(topic, text, count=1)
    first = asked(Question(text=text), 1)[0]
    return text if first.topic not in ("", text) else f"{text.rstrip('?. ')} of {topic}?"

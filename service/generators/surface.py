"""Names compared as they are written: 「低カリウム血症」 and 「高カリウム血症」 share words, not surface.

Bags of words cannot tell the two apart, and an answer about the wrong one looks right.
"""

import re

from indexer import fold

_LEADING_PARTICLE = (
    r"(?<=[^ぁ-ん])(?:に(?:対する|対して|おける|おいて|関する|伴う|合併(?:した|する)|よる)|"
    r"(?:を|が|の)(?:伴(?:う|った)|有する|きたす|来す|呈する|起こす|合併(?:した|する)|もつ|持つ|ある|認める|疑う)|"
    r"とは|では|には|での|への|からの|[のにではを、，,。・ 　と]|が(?!ん))"
)
_SPLIT = re.compile(_LEADING_PARTICLE)
_PERSON = re.compile(
    r"(?:の)?(?:患者|症例|成人|高齢者|小児|妊婦|授乳婦|新生児|乳児|男性|女性|場合|例|人|方|とき|時)$"
)
_POPULATION = re.compile(r"小児|乳児|乳幼児|新生児|妊婦|妊娠|授乳")
_GENERAL = {
    "手術",
    "外科",
    "薬物",
    "薬剤",
    "薬",
    "主な",
    "管理",
    "ケア",
    "急性期",
    "慢性期",
    "第一選択",
    "血液検査",
}
_BRACKET = re.compile(r"[(\[]([^)\]]*)[)\]]")
_WORD = "一-龥々ァ-ヺーa-z0-9α-ω"
_GOES_ON = r"(?:患者|症候群|感染症|状態|症)?"
"""What may follow a name without making it another's: 「ネフローゼ」 in 「ネフローゼ症候群」."""


def folded(text: str) -> str:
    """``text`` folded for search, without spaces."""
    return fold(text).replace(" ", "")


def heads(topic: str) -> tuple[str, ...]:
    """The names, folded, of what the topic is about: its last noun phrase, and what a bracket adds to it.

    「CKD患者の高カリウム血症」 is about 高カリウム血症, 「透析患者」 about 透析; empty if nothing is named.
    """
    text = fold(topic)
    if text.isascii():
        text = re.split(r" (?:in|with|for|during|on|after) ", text)[0]
        return (text.replace(" ", ""),) if len(text) > 1 else ()
    inner = [part.replace(" ", "") for part in _BRACKET.findall(text)]
    names = phrases(topic)
    return (*names[-1:], *(part for part in inner if len(part) > 1))


def phrases(topic: str) -> tuple[str, ...]:
    """The topic's noun phrases, folded, in order, without words for persons and for procedures in general."""
    text = _BRACKET.sub("", fold(topic)).replace(" ", "")
    found = (_PERSON.sub("", chunk) for chunk in _SPLIT.split(text))
    return tuple(name for name in found if len(name) > 1 and name not in _GENERAL)


def populations(topic: str) -> set[str]:
    """Those for whom a general answer may be wrong: 小児, 妊婦 and the like, where the topic names them."""
    return set(_POPULATION.findall(fold(topic)))


def named(name: str, text: str) -> bool:
    """Whether folded ``text`` names it as a whole: 「糖尿病性腎症」 does not name 「糖尿病」."""
    return re.search(rf"{_left(name)}{re.escape(name)}{_GOES_ON}(?![{_WORD}])", text) is not None


def _left(name: str) -> str:
    return r"(?<![a-z])" if name[0].isascii() and name[0].isalpha() else ""

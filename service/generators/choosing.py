"""Choose among labelled choices by the one an evidence sentence supports: no model, and no guess.

A wrong choice looks like a right one, so every rule here can only take support away: a stem that cannot be
read one way, a sentence about something else, two supported choices all mean no choice.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from corpora import sentences
from service.answers import Evidence
from service.generators.surface import folded
from service.questions import Question

_AVOID = (
    r"禁忌|(?:避け|控え)(?:る(?:べき|の|もの|薬)?|た(?:い|方))|(?:投与|使用|併用)し(?:ない|てはならない|てはいけない|てはいけません)|"
    r"(?:投与|使用|併用)すべきでない|contraindicated|avoid(?:ed)?"
)
_NEGATED = re.compile(
    r"(?<!少)な(?:い|く|かっ)|(?:[しきでさられ]|わ)ず|ません|にくい|がたい|不要|誤|不適切|除(?:く|い)|以外|まれな|"
    r"\b(?:not|no|never|without|except|incorrect|false|least|un\w+)\b|n't"
)
_NEGATIVE = re.compile(
    rf"{_NEGATED.pattern}|{_AVOID}|避け|控え|中止|休薬|無効|乏し|補助的|代わりに|否定|疑問|効能に含|適応外|"
    r"\b(?:avoid\w*|contraindicated|ineffective)\b"
)
_REMARKABLE = re.compile(r"第一選択|第二選択|最も.{1,2}|もっとも.{1,3}|最初|まず|\bfirst\b|\bmost \w+")
"""A word that ranks: the sentence must rank by the same word."""
_RELATIONS = {
    "cause": r"きたす|来す|来し|きたし|起こ|生じ|引き起|原因|誘発|誘因|惹起|もたら|\bcaus",
    "treat": r"用い|治療|使用|投与|選択|有効|適応|行う|対応|\btreat|\buse",
    "find": r"症状|所見|みられ|認め|徴候|呈",
    "prevent": r"予防|\bprevent",
    "diagnose": r"診断|検査|測定|\bdiagnos",
}
_RIVALS = (
    ("多い", "少ない"),
    ("静注", "筋注", "皮下注", "経口", "吸入"),
    ("高値", "低値", "正常"),
    ("上昇", "低下"),
    ("増加", "減少"),
    ("増量", "減量"),
    ("以上", "以下", "未満", "超え"),
    ("亢進", "低下"),
    ("促進", "抑制"),
    ("開始", "中止"),
    ("急性", "慢性"),
)
_ROUTES = (
    ("筋肉内?(?:注射|投与)", "筋注"),
    ("静脈内?(?:注射|投与)", "静注"),
    ("皮下(?:注射|投与)", "皮下注"),
)
_WORD = "一-龥々ァ-ヺーa-zα-ω"
_RUN = re.compile(r"[一-龥々ァ-ヺーa-zα-ω0-9.,%/・]*[一-龥々ァ-ヺーa-zα-ω0-9%]")
_SUFFIX = "(?:投与|注射|製剤|療法|吸入|内服|など)?"
_ASKING = re.compile(
    r"(?:は|を|が)?(?:どれ|何|なに|いずれ|どの)(?:か|を|が|です|でしょう)?.*$|(?:を)?(?:1つ|一つ|2つ)?選[べび].*$|\bwhich\b|\bwhat\b"
)
_GENERIC = re.compile(
    r"^(?:薬|薬剤|薬物|治療|治療薬|治療法|原因|症状|所見|疾患|病態|場合|患者|使用|投与|併用|用|来|起|生|認|避|控|行|正|適切|最|適|"
    r"禁忌|第一選択|第一選択薬|第二選択|有効|原因薬|誘発|診断|検査|予防|対応|初期対応|最初|必要|推奨|次|以下|記述|選択|呈|引|説明|"
    r"contraindicated|drug|is|the|in|of|for|a|which|what|treat|treatment|used|should|be|to|with|avoided)$"
)


class Support(NamedTuple):
    """A choice, and the sentence that speaks for it most."""

    label: str
    key: str
    sentence: str


class _Stem(NamedTuple):
    avoid: bool
    topics: tuple[str, ...]
    relations: tuple[str, ...]
    ranking: tuple[str, ...]


def best_choice(
    question: Question, evidence: Sequence[Evidence], terms: Callable[[str], Sequence[str]]
) -> Support | None:
    """The one choice a sentence supports; ``None`` on no support, or where more than one is supported.

    A sentence supports a choice if it, or its headings, names all the stem is about; if it holds the
    choice's words as written and all its terms; and if it says what is asked: to avoid, to use, to cause.
    """
    stem = _read(question.text)
    if stem is None:
        return None
    found: dict[str, Support] = {}
    for choice in question.choices:
        for item in evidence:
            place = _canonical(" / ".join((item.title, *item.headings)))
            for start, end in sentences(item.text):
                text = item.text[start:end]
                said = _canonical(text)
                fits = _answers(stem, said, place) and _holds(choice.text, said, stem.avoid)
                if fits and set(terms(choice.text)) <= set(terms(text)) | set(terms(said)):
                    found.setdefault(choice.label, Support(choice.label, item.key, one_line(text)))
    return next(iter(found.values())) if len(found) == 1 else None


def _canonical(text: str) -> str:
    text = folded(text)
    for written, short in _ROUTES:
        text = re.sub(written, short, text)
    return text


def _read(text: str) -> _Stem | None:
    """What the stem asks; ``None`` where its last sentence is negated, or names nothing to be about."""
    parts = [part for part in re.split(r"[。?？]", text) if part.strip()]
    if len(parts) != 1:
        return None  # a vignette: which of its words the answer hangs on, no rule can tell
    if parts[0].isascii():
        return None
    asked = _canonical(parts[0])
    avoid = re.search(_AVOID, asked) is not None
    if _NEGATED.search(re.sub(_AVOID, "", asked) if avoid else asked):
        return None
    if avoid and re.search(rf"(?:{_AVOID})(?:で|では|と)?(?:な|さ)", asked):
        return None
    stem = _ASKING.sub("", asked)
    relations = tuple(name for name, words in _RELATIONS.items() if re.search(words, stem))
    ranking = tuple(match.group() for match in _REMARKABLE.finditer(stem))
    runs = [
        run
        for run in _RUN.findall(re.sub(_REMARKABLE, " ", stem))
        if len(run) > 1 and not _GENERIC.match(run)
    ]
    kind = re.search(rf"[{_WORD}]*(?:薬|剤|疾患|病|療法|検査)$", stem)
    if kind and len(runs) > 1 and runs[-1] == kind.group():  # 「妊婦に禁忌の降圧薬」: the answers' kind
        runs.pop()
    return _Stem(avoid, tuple(runs), () if avoid else relations, ranking) if runs else None


def _answers(stem: _Stem, said: str, place: str) -> bool:
    """Whether the sentence says of the stem's topics what is asked."""
    if not all(_whole(topic, said) or _whole(topic, place) for topic in stem.topics):
        return False
    if not all(word in said for word in stem.ranking):
        return False
    if stem.avoid:
        return bool(re.search(rf"{_AVOID}|避け", said)) and not re.search(
            r"禁忌(?:で|では|と)?(?:は)?(?:な[いく]|さ)|避け(?:る|なく)(?:必要|て)", said
        )
    if _NEGATIVE.search(said) or re.search("禁忌|鑑別", place):
        return False
    within = [topic for topic in stem.topics if _whole(topic, said)]
    for relation in stem.relations:
        words = _RELATIONS[relation]
        if relation == "cause":
            causes = any(
                re.search(
                    rf"{re.escape(topic)}(?:など)?(?:を|が|の(?:主な)?(?=原因|誘因)).{{0,8}}(?:{words})", said
                )
                for topic in within
            )
            if not causes:
                return False
        elif not re.search(words, said if within else place):
            return False
    return True


def _holds(choice: str, said: str, avoid: bool) -> bool:
    """Whether the sentence holds the choice as written, and none of its words' opposites."""
    text = _canonical(choice)
    if _NEGATED.search(text) and not avoid:
        return False
    for rivals in _RIVALS:
        mine = [word for word in rivals if word in text]
        if mine and any((word in said) != (word in mine) for word in rivals):
            return False
    routes = "|".join(short for _, short in _ROUTES)
    runs = [part for run in _RUN.findall(text) for part in re.split(f"({routes})", run) if part]
    return bool(runs) and all(
        _whole(run, said) or (re.fullmatch(routes, run) and run in said) for run in runs
    )


def _whole(name: str, text: str) -> bool:
    """Whether ``text`` holds the name as a whole; 「インスリン欠乏」 does not hold 「インスリン」."""
    left = rf"(?<![{_WORD}])" if re.match(rf"[{_WORD}]", name) else r"(?<![0-9.])"
    after = rf"(?:患者)?{_SUFFIX}(?![{_WORD}])"
    if re.search(r"[0-9]$", name):
        after = r"(?![0-9.])"
    return re.search(rf"{left}{re.escape(name)}{after}", text) is not None


def one_line(sentence: str) -> str:
    """A sentence that was wrapped in its source, unwrapped; nothing else is changed."""
    return " ".join(sentence.split("\n"))

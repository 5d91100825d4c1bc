"""Read the value of an answer, ``B``, ``（Ｂ）``, ``③``, ``BとD``, ``C. its text``, where one is expected.

A value must end where a value can end: at a stop, a copula (です), a reason (because). ``C型肝炎`` and ``E.
coli`` begin with a letter and are no labels.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.parsing.expected import Expected
from benchmarks.parsing.folding import CIRCLED, bare, fold

KANA = "アイウエオカキクケコ"

_OPEN = r"(?:\s*[-・]\s+)?[\s\"'“「『【\[(<:]*"
_PREFIX = r"(?:(?:選択肢|肢|記号|番号|設問|(?:the\s+)?(?:option|choice|letter|answer)s?)\s*:?\s*)?"
_CLOSE = r"[\"'”」』】\])}>]*"
_REASON = r"because|since|as\s|which|where|for\s|based|due|given|while|whereas|according|with\s|although|and\s+not|not\s|rather"
_COPULA = (
    r"です|だ(?!け)|である|であり|であって|であろう|でした|でしょう(?!か)|で[、。\s]|でよい|でいい|と(?:考え|思い|思う|思わ|判断|結論|答え|回答|解答|推測|推定|言え|いえ|し(?:ます|た)|なり|なる)"
    r"|に(?:なり|なる|決ま|し(?:ます|た))|(?:番)?を?(?:選択|選び|選ぶ|選ん)|が(?:正解|正しい|最も|最適|適切|該当|妥当|当てはま|答え)|となり|となる|、"
)
_END = re.compile(rf"(?i)\s*(?:$|\n|[。.．,;:!！)）\]」』】|<—–-]|{_COPULA}|(?:{_REASON}))")
_AND = re.compile(r"(?i)\s*(?:、|,|と|及び|および|ならびに|並びに|・|&|\+|\band\b|;|，)\s*(?:\band\b\s*)?")
_LINES = re.compile(r"\s*\n\s*(?:[-・*]\s*)?|\s+")
_OR = re.compile(
    r"(?i)\s*(?:/|\bor\b|または|又は|もしくは|若しくは|あるいは|或いは|か(?=[\s「(]*(?:選択肢)?[\s]*[A-Za-zア-コ①-⑩])|~|と?(?:いう)?より)\s*"
)
_NOT_AFTER = re.compile(
    r"(?i)\s*(?:ではなく|でなく|じゃなく|ではな(?:い|くて)|ではありませ|でない|じゃな|以外|は(?:誤|間違|不正解|違|除外|不適)|が(?:誤|間違|不正解|違|除外|不適|正しくな|適切でな)"
    r"|\s*(?:is|are|was)\s*(?:not|n't|wrong|incorrect|false|excluded|ruled)|isn't|cannot|can't)"
)
_NOT_BEFORE = re.compile(r"(?i)\s*(?:not|neither|never|anything\s+but|other\s+than|except)\b\s*")
_BUT = re.compile(
    r"(?i)\s*(?:ではなく|でなく|じゃなく|ではなくて)(?:て)?[、,]?\s*(?:選択肢)?|\s*,?\s*but\s+(?:rather\s+)?"
)
_HEDGE_BEFORE = re.compile(r"(?i)\s*(?:either|between|one\s+of|maybe|perhaps)\b\s*")
_ADVERB = re.compile(
    r"(?i)\s*(?:最も適切なのは|おそらく|恐らく|たぶん|多分|もちろん|やはり|以下の|次の|therefore|thus|clearly|most\s+likely|likely|probably|definitely"
    r"|indeed|simply|the\s+following|as\s+follows|:|、)[\s、,:]*"
)
_SPECIES = re.compile(
    r"[A-E]\.\s?(?:coli|difficile|elegans|cereus|aureus|fragilis|burgdorferi|pertussis|albicans|dermatitidis|thaliana|histolytica|canis|botulinum|tetani|perfringens|baumannii|cloacae|faecalis|faecium)\b"
)


@dataclass(frozen=True)
class Value:
    """Labels read at a place.

    Attributes:
        hedged: Alternatives, ``B or D``: the reply leaves the choice open.
        negated: The reply says that these are *not* the answer.
        clash: A label stands beside another choice's text.
        end: Character after the value.
    """

    labels: tuple[str, ...]
    end: int
    hedged: bool = False
    negated: bool = False
    clash: bool = False


class ValueReader:
    """Reads values of one question's labels and texts; text is folded already."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.labels = expected.labels
        texts = {label: fold(text) for label, text in zip(expected.labels, expected.texts, strict=False)}
        own = {label.casefold() for label in expected.labels}
        self.texts = {label: text for label, text in texts.items() if text and bare(text) not in own}
        joined = "".join(self.texts.values())
        forms = {label.casefold(): label for label in self.labels}
        if not any(
            char in joined for char in CIRCLED
        ):  # 「①と③」 as a choice's text: a circled digit says nothing
            forms |= dict(zip(CIRCLED, self.labels, strict=False))
        kana = not any(re.search(rf"(?:^|[^ァ-ー]){char}(?:$|[^ァ-ー])", joined) for char in KANA)
        if kana:
            forms |= dict(zip(KANA, self.labels, strict=False))
        self._forms = forms
        self._label = re.compile(
            "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)), re.IGNORECASE
        )
        several = expected.several and all(len(label) == 1 for label in self.labels)
        letters = "".join(map(re.escape, self.labels)) if several else ""
        self._glued = (
            re.compile(rf"(?:(?:[{letters}]){{2,}})(?![A-Za-z0-9])", re.IGNORECASE) if several else None
        )
        self._texts = [
            (
                label,
                re.compile(
                    r"\s*".join(re.escape(char) for char in re.sub(r"\s+", "", text.rstrip("。. "))),
                    re.IGNORECASE,
                ),
            )
            for label, text in sorted(self.texts.items(), key=lambda pair: -len(pair[1]))
        ]

    def read(self, text: str, at: int = 0) -> Value | None:
        """The value that begins at ``at`` and ends where values end, or ``None``."""
        hedged = False
        if (found := _HEDGE_BEFORE.match(text, at)) and self._item(text, at) is None:
            hedged, at = True, found.end()
        if found := _NOT_BEFORE.match(text, at):
            value = self._list(text, found.end(), False)
            if value is None:
                return None
            if (but := _BUT.match(text, value.end)) and (after := self.read(text, but.end())):
                return after
            return Value(value.labels, value.end, negated=True)
        if neither := self._neither(text, at):
            return self.read(text, neither)
        value = self._list(text, at, hedged)
        if value is None:
            return None
        if (but := _BUT.match(text, value.end)) and (after := self.read(text, but.end())):
            return after
        if _NOT_AFTER.match(text, value.end):
            return Value(value.labels, value.end, negated=True)
        return value if _END.match(text, value.end) else None

    def _neither(self, text: str, at: int) -> int | None:
        """The place after 「BでもDでもなく、」."""
        count = 0
        while (item := self._item(text, at)) and (also := re.compile(r"\s*でも").match(text, item[1])):
            at, count = also.end(), count + 1
        found = re.compile(r"\s*なく(?:て)?[、,]?\s*").match(text, at) if count else None
        return found.end() if found else None

    def whole(self, text: str) -> Value | None:
        """The value that the whole text is, nothing beside it but a copula."""
        value = self.read(text)
        if value is None:
            return None
        tail = text[value.end :].strip(" \n。.、,!\"'」』)】];:")
        if tail in (
            "",
            "です",
            "だ",
            "である",
            "でしょう",
            "と思います",
            "と考えます",
            "だと思います",
            "を選びます",
            "を選択します",
            "が正解です",
            "となる",
            "となります",
            "になります",
            "だと考えます",
        ):
            return value
        return None

    def text_label(self, text: str) -> str | None:
        """The label whose text this is, width, case and spaces aside, or ``None``."""
        wanted = bare(text)
        found = [label for label, own in self.texts.items() if bare(own) == wanted]
        return found[0] if len(found) == 1 else None

    def named_texts(self, text: str) -> set[str]:
        """The labels whose texts occur; a text inside a longer one counts once, as the longer."""
        found, taken = set(), [False] * len(text)
        for label, pattern in self._texts:
            for match in pattern.finditer(text):
                if not any(taken[match.start() : match.end()]):
                    found.add(label)
                    taken[match.start() : match.end()] = [True] * (match.end() - match.start())
        return found

    def _list(self, text: str, at: int, hedged: bool) -> Value | None:
        clash = False
        found: list[str] = []
        end = at
        while True:
            item = self._item(text, end)
            if item is None:
                break
            labels, after, item_clash = item
            clash |= item_clash
            found += [label for label in labels if label not in found]
            end = after
            if separator := _OR.match(text, end):
                if self._item(text, separator.end()) is None:
                    break
                hedged, end = True, separator.end()
            elif ((separator := _AND.match(text, end)) and self._item(text, separator.end()) is not None) or (
                self.expected.several
                and (separator := _LINES.match(text, end))
                and self._item(text, separator.end())
            ):
                end = separator.end()
            else:
                break
        if not found or end == at:
            return None
        if re.match(r"\s*か(?:[\s。.?？、]|$)", text[end:]):
            hedged = True
        return Value(tuple(label for label in self.labels if label in found), end, hedged=hedged, clash=clash)

    def _item(self, text: str, at: int) -> tuple[list[str], int, bool] | None:
        start = re.compile(_OPEN + _PREFIX + _OPEN, re.IGNORECASE).match(text, at)
        assert start is not None
        place = start.end()
        for label, pattern in self._texts:
            if (match := pattern.match(text, place)) and self._ends(text, match.end()):
                return self._with_own_label(text, label, self._closed(text, match.end()))
        if _SPECIES.match(text, place):
            return None
        if self._glued and (match := self._glued.match(text, place)):
            letters = match.group().casefold()
            if sorted(set(letters)) == list(letters) and (  # "bad" is a word, "abd" an answer
                match.group().isupper() or match.group().islower()
            ):
                return [self._forms[letter] for letter in letters], self._closed(text, match.end()), False
        match = self._label.match(text, place)
        if match is None:
            return None
        label = self._forms[match.group().casefold()]
        end = match.end()
        following = text[end : end + 1]
        if following.isascii() and following.isalnum():
            return None
        if following in ("'", "-", "+") and text[end + 1 : end + 2].isalnum():
            return None
        if (
            match.group().islower()
            and following == " "
            and not re.match(r"\s*(?:$|\n|and\b|or\b|[、,&(]|[^\x00-\x7f]|[a-z](?:$|[\s,.、と]))", text[end:])
        ):
            return None  # "a fracture": the article
        end = self._closed(text, end)
        return self._with_own_text(text, label, end)

    def _with_own_label(self, text: str, label: str, end: int) -> tuple[list[str], int, bool]:
        """``肺血栓塞栓症（B）``: the label may follow its text."""
        beside = re.compile(r"\s*[(\[]\s*(?:選択肢|option\s)?").match(text, end)
        found = self._label.match(text, beside.end()) if beside else None
        if found and re.match(r"\s*[)\]]", text[found.end() :]):
            named = self._forms[found.group().casefold()]
            return [label], self._closed(text, found.end()), named != label
        return [label], end, False

    def _with_own_text(self, text: str, label: str, end: int) -> tuple[list[str], int, bool]:
        beside = re.compile(
            r"(?:\s*[.:．、)\]|]+\s*|\s*[(「『]\s*|\s+|\s*[-–—]\s*|の[「『]?)", re.IGNORECASE
        ).match(text, end)
        if beside:
            for other, pattern in self._texts:
                if (match := pattern.match(text, beside.end())) and self._ends(text, match.end()):
                    if re.match(r"[、,]\s*$", beside.group()):
                        break  # a list, "B, 心不全": its second item is read as an item
                    return [label], self._closed(text, match.end()), other != label
        return [label], end, False

    def _closed(self, text: str, end: int) -> int:
        found = re.compile(_CLOSE).match(text, end)
        assert found is not None
        return found.end()

    def _ends(self, text: str, end: int) -> bool:
        rest = text[self._closed(text, end) :]
        return bool(
            _END.match(rest)
            or _AND.match(rest)
            or _OR.match(rest)
            or _NOT_AFTER.match(rest)
            or re.match(r"\s*[(]", rest)
        )


@lru_cache(maxsize=4096)
def reader(expected: Expected) -> ValueReader:
    """The reader of a question; one is made for each question."""
    return ValueReader(expected)


def skip_adverbs(text: str, at: int) -> int:
    """The place after 「おそらく」, "therefore" and the like."""
    while (found := _ADVERB.match(text, at)) and found.end() > at:
        at = found.end()
    return at

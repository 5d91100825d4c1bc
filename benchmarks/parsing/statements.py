"""Find the sentences of a reply that state its answer: 「正解はB」, "the answer is C", "Bが最も適切".

What is said of a choice while it is weighed (「Aは正しい」, 「もし答えがAなら」) is no statement. Two
statements that disagree leave the reply unread, unless the later one is called final or takes the earlier one
back.
"""

import re
from dataclasses import dataclass

from benchmarks.parsing.abstention import declines
from benchmarks.parsing.expected import Expected
from benchmarks.parsing.values import Value, reader, skip_adverbs

_ENGLISH_CUE = re.compile(
    r"""(?ix)\b(?:(?P<final>final|overall|conclu\w+)\s+|correct\s+|best\s+|right\s+|single\s+|chosen\s+|selected\s+|my\s+
    |most\s+(?:appropriate|likely|probable|suitable|accurate)\s+)*
    (?:answer|option|choice|response)s?(?:\s+(?:letter|choice|option))?(?:\s*\(s\))?(?:\s+(?:to|for|of)\s+(?:this|the|that)\s+(?:\w+\s+)?question|\s+here)?
    \s*(?:\bis\b|\bare\b|\bwould\s+be\b|\bshould\s+be\b|\bmust\s+be\b|\bwill\s+be\b|=>|=|:|→|\]|】|\n|-+>?)+(?:\s*(?:the\s+)?(?:option|choice|letter|answer)s?\b(?!\s*[:=])\s*:?)?"""
)
_ENGLISH_PICK = re.compile(
    r"(?i)\b(?:i|we)(?:'d|'ll|\s+would|\s+will|\s+must|\s+have\s+to|\s+should)?\s+(?:choose|select|pick|go\s+with|opt\s+for|answer)\s+(?:with\s+)?(?:option|choice|answer)?"
)
_ENGLISH_FINAL = re.compile(r"(?i)<(?:final_)?answer>|####\s*|\\boxed\s*\{|\[\[(?=\s*[A-Za-z0-9]+\s*\]\])")
_JAPANESE_CUE = re.compile(
    r"(?P<final>最終(?:的な?)?|結論として(?:の)?)?(?:の)?(?:私の|この問題の)?(?:答え|答(?!え)|解答|回答|正解|正答|正解肢|結論)(?:の?(?:番号|記号|選択肢|肢))?"
    r"\s*(?:としては|として|は|が|:|=|→|⇒|】|\]|」|＞|>|\n|\s)+[、,]?"
)
_JAPANESE_STEM = re.compile(
    r"(?:最も|もっとも)?(?P<polarity>正しい|適切な|適当な|妥当な|考えられる|疑われる|可能性が高い|当てはまる|該当する|誤っている|間違っている|誤りな|不適切な|適切でない|正しくない|考えにくい)"
    r"(?:選択肢|もの|の|疾患|診断|治療|肢)(?:は|が)[、,]?\s*"
)
_JAPANESE_SO = re.compile(
    r"(?:よって|したがって|従って|ゆえに|以上より|以上から|以上のことから|すなわち|つまり|結論として)(?:は)?[、,]?\s*(?:答えは|正解は)?"
)
_FINAL_WORD = re.compile(
    r"(?i)最終|結論|以上より|以上から|よって|したがって|従って|ゆえに|in\s+conclusion|therefore|thus|to\s+conclude|\bso\b|hence"
)
CORRECTION = re.compile(
    r"(?i)(?:いや(?:、|,|いや|違)|訂正|やっぱり|やはり(?:、)?(?:違|間違)|間違えました|間違いでした|失礼しました|正しくは|修正|考え直|撤回|(?<![a-z])(?:wait|actually|correction|scratch\s+that|on\s+second\s+thought|let\s+me\s+reconsider|i\s+was\s+wrong|i\s+made\s+a\s+mistake|sorry)(?![a-z]))"
)
_CORRECTED = re.compile(
    r"(?i)(?:いや(?:、|,|いや|違います|違う)|訂正(?:します|すると)?|やっぱり|正しくは|修正(?:します|すると)?|(?<![a-z])(?:wait|actually|correction|scratch\s+that|on\s+second\s+thought|sorry))[\s、,.:。—-]*(?:no[\s,.]*)?(?:it\s+is\s+|it's\s+|it\s+should\s+be\s+|i\s+mean\s+|make\s+that\s+)?"
)
_SUPPOSED_BEFORE = re.compile(
    r"(?i)(?:もし|仮に|例えば|たとえば|例[:：)]|形式|フォーマット|ように答え|のように|だろうか|かつては|以前は|一見|ありがちな|よくある|誤った|間違った|誤答|不正解"
    r"|\bif\b|\bsuppose\b|\bassum|\bexample\b|\be\.g\.|\bformat\b|\bwere\b|\bsome(?:one| people| might)\b|\bmight\s+(?:think|say|seem)\b|\btempt|\bincorrect\b|\bwrong\b|\bprevious)"
)
_SUPPOSED_AFTER = re.compile(
    r"(?i)(?:思(?:うかもしれ|われがち|いがち|われる(?:かも|が))|考え(?:がち|たくなる|る人|にく|られがち|られない)|に見え|ように見|と誤解|とした場合|(?:だ|で)(?:った|ある)?(?:なら|とすれば|とすると|としたら)|であれば|と仮定|とは(?:言え|いえ|限ら|考え|思え|断定|言い切|ならな)"
    r"|^[^、,A-Za-z]*(?:ではな(?!く)|ではありませ)|わけ(?:では|じゃ)|は誤り|は間違|だろうか|でしょうか|ですか|ますか|か(?:どうか|もしれ)|という(?:意見|説|誤)|と(?:答える|回答する)のは|[?？]\s*$|\bif\b|\bwould\s+be\s+(?:wrong|incorrect)|\bis\s+(?:wrong|incorrect|not)|\bwhen\b.*\bis\b.*\?|\bonly\s+if\b|\bmight\s+be\s+tempting|\bbut\s+(?:that|this|it)\s+(?:is|would))"
)
_ENUMERATION = re.compile(
    r"(?m)^[\s\-・*]*(?:選択肢|option\s+)?[「(\[]?([A-Za-z①-⑩ア-コ])[」)\]]?\s*[.:．、)）は]"
)

_ALSO = re.compile(  # "B. its text or D. another": the second label stands after the first one's text
    r"(?i)[^。\n]{0,160}?(?:\bor\b|\band\b|/|または|又は|もしくは|あるいは|,)\s*(?:option\s+|choice\s+|選択肢\s*)?\(?(?-i:[A-J])\s?[.):．]\s*(?=\S|$)"
)


@dataclass(frozen=True)
class Statement:
    """One statement of the answer. ``labels`` are empty where it says that there is none."""

    start: int
    end: int
    labels: tuple[str, ...]
    hedged: bool
    final: bool
    clash: bool
    declined: bool
    rule: str


def statements(text: str, expected: Expected) -> list[Statement]:
    """All statements of an answer in a folded reply, in text order; overlapping ones once."""
    found: list[Statement] = []
    for rule, cue in (
        ("tag", _ENGLISH_FINAL),
        ("cue", _ENGLISH_CUE),
        ("cue", _ENGLISH_PICK),
        ("cue", _JAPANESE_CUE),
        ("stem", _JAPANESE_STEM),
        ("therefore", _JAPANESE_SO),
        ("corrected", _CORRECTED),
    ):
        for match in cue.finditer(text):
            if rule == "stem" and not _agrees(match.group("polarity"), expected):
                continue
            statement = _stated(text, match, rule, expected)
            if statement:
                found.append(statement)
    found += _label_first(text, expected)
    found.sort(key=lambda statement: (statement.start, -statement.end))
    kept: list[Statement] = []
    for statement in found:
        if kept and statement.end <= kept[-1].end and statement.labels == kept[-1].labels:
            continue
        kept.append(statement)
    return kept


def last_word(found: list[Statement], text: str) -> tuple[Statement | None, str]:
    """Which statement holds, or ``None`` and why none does."""
    if not found:
        return None, "no_statement"
    last = found[-1]
    if last.clash:
        return None, "label_and_text_differ"
    for earlier in found[:-1]:
        if earlier.labels == last.labels and not earlier.hedged:
            continue
        between = text[earlier.end : last.start] + text[last.start : last.end]
        if not (
            last.final and not (earlier.final and earlier.rule != "therefore" and last.rule == "therefore")
        ) and not CORRECTION.search(between):
            if earlier.hedged and not last.hedged and set(last.labels) <= set(earlier.labels):
                continue
            return None, "statements_disagree"
    if last.hedged:
        return None, "alternatives_left_open"
    after = text[last.end :]
    if CORRECTION.search(after):
        return None, "taken_back"
    return last, last.rule


def enumerates(text: str, expected: Expected) -> bool:
    """Whether lines of the reply go through several choices one by one."""
    heads = {head.casefold() for head in _ENUMERATION.findall(text)}
    known = {label.casefold() for label in expected.labels} | set("①②③④⑤⑥⑦⑧⑨⑩アイウエオカキクケコ")
    return len(heads & known) >= 2


def _agrees(polarity: str, expected: Expected) -> bool:
    wrong = re.search(r"誤|間違|不適|でない|くない|にくい", polarity) is not None
    return wrong == expected.negative


def _stated(text: str, match: re.Match[str], rule: str, expected: Expected) -> Statement | None:
    at = skip_adverbs(text, match.end())
    value = reader(expected).read(text, at)
    final = (
        rule in ("tag", "therefore")
        or bool(match.groupdict().get("final"))
        or bool(_FINAL_WORD.search(_before(text, match.start())))
    )
    if value is None:
        if rule in ("cue", "tag"):
            segment = re.split(r"[。\n<}]|\.(?:\s|$)", text[at:], maxsplit=1)[0]
            if declines(segment) and not _supposed(text, match.start(), at):
                return Statement(match.start(), at + len(segment), (), False, final, False, True, "declined")
        return None
    if value.negated or _supposed(text, match.start(), value.end):
        return None
    if _ALSO.match(re.split(r"[。\n]", text[value.end :], maxsplit=1)[0]):
        return Statement(match.start(), value.end, value.labels, True, final, value.clash, False, rule)
    if rule == "therefore" and not re.match(
        r"\s*(?:$|[。.\n]|です|だ|である|が正解|が答え|を選|が最も|が正し|が適切|と(?:考え|判断|な|思))",
        text[value.end :],
    ):
        return None
    return Statement(match.start(), value.end, value.labels, value.hedged, final, value.clash, False, rule)


def _label_first(text: str, expected: Expected) -> list[Statement]:
    claims = [
        r"(?:が|は)(?:正解|正答|答え)(?!で(?:は|も)?な|では|じゃ|の|を|かもし)",
        r"を(?:選択し(?:ます|た)|選択する(?!の|こと|人)|選び(?:ます|、)|選ぶ(?:[。\n]|$|べき)|選んだ)",
    ]
    claims.append(
        r"\s+is\s+(?:the\s+|my\s+)(?:final\s+|single\s+)?(?:correct|best|right|most\s+(?:appropriate|likely|suitable)|final)?\s*(?:answer|option|choice)\b"
    )
    if expected.negative:
        claims += [r"が(?:誤り|誤っている|間違い|不適切|適切でない|正しくない)(?!と(?:は|も)|わけ|か)"]
    else:
        claims += [
            r"が(?:最も|もっとも|一番)?(?:正しい|適切|妥当|該当する|当てはまる|適当|考えられる|可能性が高い)(?!とは|とも|わけ|かどうか|か[?？。]|かもし|ように|で(?:は|も)な|では|じゃ|なら)",
            r"\s+is\s+(?:correct|right)(?=\s*[.。\n]|\s*$)",
        ]
    pattern = re.compile(r"(?i)(?:" + "|".join(claims) + ")")
    found = []
    read = reader(expected)
    for match in pattern.finditer(text):
        sentence = max(text.rfind(mark, 0, match.start()) for mark in "。\n.、,:)") + 1
        for start in (
            sentence,
            *(
                mark.end() + sentence
                for mark in re.finditer(
                    r"[、,。\s]|(?:したがって|よって|ゆえに|以上より)", text[sentence : match.start()]
                )
            ),
        ):
            value = read._list(text, skip_adverbs(text, start), False)
            if value and value.end == match.start() and not _supposed(text, start, match.end()):
                final = bool(_FINAL_WORD.search(_before(text, start) + text[sentence:start]))
                found.append(
                    Statement(
                        start,
                        match.end(),
                        value.labels,
                        value.hedged,
                        final,
                        value.clash,
                        False,
                        "label_first",
                    )
                )
                break
    return found


def _before(text: str, at: int) -> str:
    start = max(text.rfind(mark, 0, at) for mark in "。\n.!?") + 1
    return text[start:at]


_TURN = re.compile(r"(?i)(?:が|けど|けれども|ものの)、|しかし|\bbut\s|;\s")


def _supposed(text: str, start: int, end: int) -> bool:
    rest = re.split(r"[。\n]|(?<=[a-zA-Z)])[.](?=\s|$)", text[end:], maxsplit=1)[0]
    question = text[end + len(rest) : end + len(rest) + 1]
    return bool(
        _SUPPOSED_BEFORE.search(_TURN.split(_before(text, start))[-1])
        or _SUPPOSED_AFTER.search((rest + question)[:80])
    )


def whole_value(text: str, expected: Expected) -> Value | None:
    """The value that a short reply is as a whole, 「おそらくCです」 included."""
    return reader(expected).whole(text[skip_adverbs(text, 0) :])

"""Text that is no language: the reading of a file went wrong before it came here.

A PDF whose fonts carry no Unicode table, or a file once read in the wrong encoding, gives characters
that search and models take for text. Such a document is refused whole: half of a dosing table is worse
than none.
"""

import re
import unicodedata

SHARE = 0.05
"""Of broken characters, from which a text is refused. Real documents stay below 0.005 (a few logos or
gaiji in the private-use area); fonts without a Unicode table give 0.3 and more."""

MINIMUM = 20
"""Visible characters below which no verdict is given, unless all are broken."""

_CID = re.compile(r"\(cid:\d+\)")
_UTF8_AS_CP932 = re.compile("[縺繧繝蜿譁邨諤莨][\uff61-\uff9f\u3000-\u9fff・]")
_UTF8_AS_LATIN = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0160\u0178\u017d\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_SCRIPTS = re.compile(
    r"^(LATIN|DIGIT|CJK|HIRAGANA|KATAKANA|HALFWIDTH|FULLWIDTH|GREEK|IDEOGRAPHIC|COMBINING|SUPERSCRIPT|"
    r"SUBSCRIPT|MODIFIER|KANGXI|MICRO|OHM|ANGSTROM|FEMININE|MASCULINE|SCRIPT|DOUBLE-STRUCK|ROMAN|VULGAR|"
    r"PROLONGED|KELVIN|PLANCK|MATHEMATICAL|BLACK-LETTER|INFORMATION|CIRCLED|PARENTHESIZED|SQUARE)\b"
)


def garbled(text: str) -> str | None:
    """Say why ``text`` is no language, or ``None`` where it may be one."""
    visible = len(text) - sum(map(text.count, " \n\t\u3000"))
    if not visible:
        return None
    cids = _CID.findall(text)
    broken = sum(map(_broken, text)) + sum(map(len, cids))
    if _over(broken, visible):
        return f"{broken / visible:.0%} of the characters have no meaning in Unicode"
    for pattern, was in ((_UTF8_AS_CP932, "CP932"), (_UTF8_AS_LATIN, "Latin-1")):
        found = 2 * len(pattern.findall(text))
        if found >= MINIMUM / 2 and found > visible * 0.3:
            return f"UTF-8 was read as {was} somewhere on its way here"
    strange = _strange_scripts(text)
    if sum(strange.values()) > visible * 0.2 and len(strange) >= 4:
        return f"{len(strange)} unrelated scripts are mixed ({', '.join(sorted(strange)[:4]).lower()}, …)"
    return None


def _over(broken: int, visible: int) -> bool:
    return broken == visible if visible < MINIMUM else broken > visible * SHARE


def _broken(character: str) -> bool:
    if "\u3041" <= character <= "\u9fff" or " " <= character <= "~":
        return False
    return character == "\ufffd" or (
        character not in "\n\t\r\x0c\xad\u200b\u200d\ufeff"
        and unicodedata.category(character) in {"Cn", "Co", "Cc"}
    )


def _strange_scripts(text: str) -> dict[str, int]:
    """Letters by script, for scripts that stand beside each other in no Japanese or English text."""
    found: dict[str, int] = {}
    for character in text:
        if character > "\u024f" and not "\u3041" <= character <= "\u9fff" and character.isalpha():
            name = unicodedata.name(character, "UNNAMED")
            if not _SCRIPTS.match(name):
                script = name.split()[0]
                found[script] = found.get(script, 0) + 1
    return found

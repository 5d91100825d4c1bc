"""Cleaning: encoding, NFC, line ends and control characters, and nothing more.

What this returns is shown, quoted and sent to a model, so it must stay what the author wrote. Width
folding (NFKC) is left to the index: NFKC turns 10⁴ into 104 and ½錠 into 1⁄2錠, which changes a dose.
"""

import re
import unicodedata

_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return ``text`` in NFC, with ``\\n`` line ends and without control characters (tab and newline stay).

    A form feed ends a line, as it does on paper.

    Raises:
        ValueError: If the text holds a lone surrogate, which no encoding can carry further.
    """
    broken = _LONE_SURROGATE.search(text)
    if broken:
        raise ValueError(
            f"a lone surrogate (U+{ord(broken.group()):04X}) stands at character {broken.start()}; "
            "write the character itself in UTF-8"
        )
    text = _LINE_END.sub("\n", text.replace("\x0c", "\n"))
    return unicodedata.normalize("NFC", _CONTROL.sub("", text))


def decode(data: bytes) -> str:
    """Decode UTF-8 bytes, dropping a byte-order mark.

    Raises:
        ValueError: If the bytes are not UTF-8; the message holds the line and the cure.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"not UTF-8 at byte {error.start} (line {line}); convert it, e.g. iconv -f CP932 -t UTF-8"
        ) from error

"""Which encoding a Japanese text file is in: UTF-8, UTF-16 (by its mark), ISO-2022-JP, CP932 or EUC-JP.

A file that strictly decodes as UTF-8 is UTF-8: other Japanese encodings practically never do. CP932 and
EUC-JP often both decode, so the reading that looks like Japanese wins; a guess by statistics alone
(as general detectors make) is not needed for two candidates.
"""

import re
import unicodedata

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_ESCAPES = re.compile(rb"\x1b(?:\$[@B]|\([BJI])")
_LEGACY = ("cp932", "euc_jp")
_SAMPLE = 200_000


def decode_japanese(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Return the text of ``data`` and the encoding it was read in.

    Args:
        declared: An encoding that the file names for itself (HTML's charset); tried first.

    Raises:
        ValueError: If the bytes are no text in any of the encodings.
    """
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("holds zero bytes, so it is not text; check the file's kind")
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    candidates = [marked] if marked else []
    if not marked:
        if declared:
            candidates.append(declared)
        candidates.append("utf-8")
        if _ESCAPES.search(data[:_SAMPLE]):
            candidates.insert(0, "iso2022_jp_ext")
    for encoding in candidates:
        text = _decoded(data, encoding)
        if text is not None:
            return text, encoding
    readings = [(text, encoding) for encoding in _LEGACY if (text := _decoded(data, encoding)) is not None]
    if not readings:
        raise ValueError("no text in UTF-8, UTF-16, ISO-2022-JP, CP932 or EUC-JP; save it as UTF-8")
    return max(readings, key=lambda reading: _plausibility(reading[0][:_SAMPLE]))


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode("cp932" if encoding.lower() in {"shift_jis", "shift-jis", "sjis"} else encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _plausibility(text: str) -> float:
    """Mean weight of the characters: kana and punctuation speak for a reading, rare signs against it.

    EUC-JP read as CP932 is a run of half-width katakana; CP932 read as EUC-JP is rare kanji and
    unassigned characters.
    """
    total = 0.0
    for character in text:
        code = ord(character)
        if code < 0x80 or 0x3040 <= code <= 0x30FF or character in "、。「」（）・":
            total += 1
        elif 0x4E00 <= code <= 0x9FFF:
            total += 0.5
        elif 0xFF61 <= code <= 0xFF9F:
            total -= 1
        elif unicodedata.category(character) in {"Cn", "Co", "Cc"} or code < 0x100:
            total -= 2
    return total / max(len(text), 1)

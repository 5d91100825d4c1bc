"""The name a file gets, whatever the browser or the sender called it."""

import re
import unicodedata
from fnmatch import fnmatch
from pathlib import Path

from corpora.kinds import cure_for, suffix_of
from service.sources.errors import BadUpload, KindNotRead

MAX_BYTES = 180
"""Of a name in UTF-8; file systems take 255, and a temporary name needs room."""

_ELSEWHERE_FORBIDDEN = re.compile(r'[<>:"|?*]')
"""Not on Windows' shares."""


def clean_name(given: str, exclude: tuple[str, ...] = ()) -> str:
    """A plain name: no folder, not hidden, NFC, no control or direction characters, of bounded length.

    Args:
        exclude: Patterns of the corpus; a name that matches one would never be read.

    Raises:
        BadUpload: If nothing of the name is left.
        KindNotRead: If no reader takes it, or the corpus leaves it out.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    printable = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    name = _ELSEWHERE_FORBIDDEN.sub("_", " ".join(printable.split())).strip(". ")
    suffix = name[len(name) - len(suffix_of(Path(name))) :]
    stem = name[: len(name) - len(suffix)].rstrip(". ")
    if not name:
        raise BadUpload("ファイルを選んでください。", "Choose a file.")
    if not suffix:
        cure = cure_for(Path(name))
        raise KindNotRead(
            f"この種類のファイルは読めません。{cure}", f"Files of this kind are not read; {cure}."
        )
    if not stem:
        raise BadUpload("ファイルに名前を付けてください。", "Give the file a name.")
    while len((stem + suffix).encode()) > MAX_BYTES:
        stem = stem[:-1]
    name = stem.rstrip(". ") + suffix
    pattern = next((one for one in exclude if fnmatch(name, one)), None)
    if pattern is not None:
        raise KindNotRead(
            f"この名前のファイルは設定({pattern})により読みません。名前を変えてください。",
            f"The corpus leaves out files named {pattern}: give it another name.",
        )
    return name

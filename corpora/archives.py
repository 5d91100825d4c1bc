"""Zip containers (DOCX, PPTX, XLSX) looked at before a library opens them.

Nothing is ever unpacked to disk. What is refused here would only cost time or memory in the reader's
process; saying so early gives the reason.
"""

import zipfile
from pathlib import Path

from corpora.limits import MAX_INFLATED

_MAX_MEMBERS = 20_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROLOGUE = 64 * 1024
"""Bytes of an XML part that are searched for a DTD, which Office files may not have."""


def check_office_file(path: Path, part: str) -> None:
    """Refuse what is not a plain Office file that holds ``part`` (such as ``word/document.xml``).

    Raises:
        ValueError: With the reason and the cure.
    """
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == _OLE:
        raise ValueError("is password-protected or of the old binary format; save it anew without a password")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, part)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise ValueError(f"is damaged ({error}); open it in its program and save it anew") from error


def _check_members(archive: zipfile.ZipFile, part: str) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if len(members) > _MAX_MEMBERS:
        raise ValueError(f"holds {len(members):,} parts, more than any Office file")
    if len(names) < len(members):
        raise ValueError("holds two parts of one name, so programs disagree about what it says")
    inflated = sum(member.file_size for member in members)
    if inflated > MAX_INFLATED:
        raise ValueError(
            f"inflates to {inflated / 2**20:,.0f} MiB, more than {MAX_INFLATED // 2**20} (a zip bomb?)"
        )
    for member in members:
        if member.filename.startswith(("/", "\\")) or ".." in Path(member.filename.replace("\\", "/")).parts:
            raise ValueError(f"holds a part named {member.filename!r}, a path out of its folder")
        if member.flag_bits & 0x1:
            raise ValueError("is encrypted; save it without a password")
        if member.filename.endswith((".xml", ".rels")):
            with archive.open(member) as file:
                if b"<!DOCTYPE" in file.read(_PROLOGUE):
                    raise ValueError(
                        f"its part {member.filename} declares a DTD, which Office files never do"
                    )
    if part not in names:
        raise ValueError(f"has no part {part}, so it is not the kind of file that its name says")

"""XML without what makes XML dangerous: no entities of its own, no network, no huge trees."""

import bz2
import gzip
import hashlib
import html
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from lxml import etree

from corpora.limits import MAX_INFLATED

Element = etree._Element


class Bounded(io.RawIOBase):
    """A stream that ends with an error once more than ``limit`` bytes came since the last ``renew``."""

    def __init__(self, stream: BinaryIO, limit: int = MAX_INFLATED) -> None:
        self._stream = stream
        self._limit = limit
        self._left = limit

    def renew(self) -> None:
        """Begin a new document: the limit holds for each."""
        self._left = self._limit

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, 2**20) if size > 0 else 2**20)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"one document inflates to more than {self._limit // 2**20} MiB; split the file")
        return data


def opened(path: Path) -> BinaryIO:
    """The bytes of a file, inflated where its name ends in ``.gz`` or ``.bz2``."""
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return cast(BinaryIO, bz2.open(path, "rb")) if path.suffix == ".bz2" else path.open("rb")


def parsed(path: Path) -> Element:
    """The root of an XML file that is one document.

    Raises:
        ValueError: If it is malformed, too large, or declares entities.
    """
    with opened(path) as file:
        source = Bounded(file)
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
        )
        try:
            while data := source.read():
                parser.feed(data)
            root = parser.close()
        except etree.XMLSyntaxError as error:
            raise ValueError(f"is not well-formed XML: {error.msg}") from error
    _refuse_entities(root)
    return root


def streamed(path: Path, tag: str, renew: Callable[[], None]) -> Iterator[Element]:
    """The elements named ``tag`` (local name) of a file of any length, each freed after its turn.

    Args:
        renew: Called before each element, so that limits hold for one document.

    Raises:
        ValueError: As ``parsed``.
    """
    with opened(path) as file:
        source = Bounded(file)
        events = etree.iterparse(
            source,
            events=("end",),
            tag=f"{{*}}{tag}",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
        )
        first = True
        try:
            for _, element in events:
                source.renew()
                renew()
                if first:
                    _refuse_entities(element)
                    first = False
                yield element
                element.clear()
                while element.getprevious() is not None:
                    parent = element.getparent()
                    if parent is None:
                        break
                    del parent[0]
        except etree.XMLSyntaxError as error:
            raise ValueError(f"is not well-formed XML: {error.msg}") from error


def root_name(path: Path) -> str:
    """The local name of the root element, from the first tags alone."""
    with opened(path) as file:
        try:
            for _, element in etree.iterparse(
                Bounded(file), events=("start",), resolve_entities=False, no_network=True, load_dtd=False
            ):
                return local(element)
        except etree.XMLSyntaxError as error:
            raise ValueError(f"is not well-formed XML: {error.msg}") from error
    return ""


def local(element: Element) -> str:
    """The tag without its namespace; empty for comments, instructions and entities."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def entity_text(element: Element) -> str:
    """What an unexpanded entity reference stands for: HTML's named characters, else an error.

    Raises:
        ValueError: If the name is none of HTML's: text would be lost.
    """
    reference = f"&{element.name};"  # type: ignore[attr-defined]
    text = html.unescape(reference)
    if text == reference:
        raise ValueError(
            f"uses the entity {reference}, which only its DTD explains; write the character itself"
        )
    return text


def digest(element: Element) -> str:
    """sha256 of an element as it stands in the file, white space after it aside."""
    return hashlib.sha256(etree.tostring(element, with_tail=False)).hexdigest()


def _refuse_entities(root: Element) -> None:
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise ValueError("declares entities of its own, as entity bombs do; expand them and save it anew")

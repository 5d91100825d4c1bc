"""Reads a form with one file from a request, straight onto the disk that keeps it, bounded in size and time.

Starlette's own form parser keeps a file of any size, in a temporary folder that is small in a container.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from service.overload.protocol import BODY_TIME
from service.sources.errors import BadUpload, FileTooLarge, SlowUpload

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MAX_PARTS = 8
_MAX_FIELD = 1_000
_FRAME = 16 * 1024
"""Bytes of a form around its file."""
_READ_OUT = 8
"""A body up to so many times the limit is read to its end and dropped, so that its sender hears why."""


@dataclass
class Received:
    """The form. The file's bytes are where they were written to.

    Attributes:
        name: As the browser says; not to be trusted.
    """

    name: str | None = None
    size: int = 0
    sha256: str = ""
    fields: dict[str, str] = field(default_factory=dict)


async def receive(request: Request, file: BinaryIO, limit: int, seconds: float) -> Received:
    """Read the form; its one file is written to ``file``.

    Raises:
        BadUpload: If it is no form with one file.
        FileTooLarge: If the file has more than ``limit`` bytes.
        SlowUpload: If it does not arrive within ``seconds``, or not to its end.
        OSError: If it cannot be written.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise BadUpload("ファイルを選んで送ってください。", "Send a form with one file.")
    allow = request.scope.get("extensions", {}).get(BODY_TIME)
    if allow is not None:
        allow(seconds)
    form = _Form(file, limit)
    parser = MultipartParser(boundary, form.callbacks())
    declared = request.headers.get("content-length", "")
    keep = not (declared.isascii() and declared.isdecimal() and int(declared) > limit + _FRAME)
    fault: Exception | None = None
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > _READ_OUT * limit:
                    break
                if not keep or fault or size > limit + _FRAME:
                    continue
                try:
                    parser.write(chunk)
                except (FormParserError, UnicodeDecodeError, OSError) as error:
                    fault = error
                keep = not form.too_large
    except TimeoutError:
        raise SlowUpload("ファイルが時間内に届きませんでした。", "The file did not arrive in time.") from None
    except ClientDisconnect:
        raise SlowUpload("ファイルの送信が途中で切れました。", "The file was cut off.") from None
    if not keep or size > limit + _FRAME:
        raise _too_large(limit)
    if isinstance(fault, OSError) and not isinstance(fault, FormParserError):
        raise fault
    if fault is not None:
        raise BadUpload("フォームを読めません。", "The form cannot be read.")
    if form.received.name is None or not form.ended:
        raise BadUpload("ファイルを選んでください。", "Choose a file.")
    form.received.sha256 = form.hash.hexdigest()
    return form.received


def _too_large(limit: int) -> FileTooLarge:
    return FileTooLarge(
        f"ファイルが大きすぎます(上限 {limit / 2**20:.1f} MB)。",
        f"The file is too large (at most {limit / 2**20:.1f} MB).",
    )


class _Form:
    """What the parser calls, part by part."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self.received = Received()
        self.too_large = self.ended = False
        self.hash = hashlib.sha256()
        self._file = file
        self._limit = limit
        self._parts = 0
        self._header = [bytearray(), bytearray()]
        self._disposition = b""
        self._field: tuple[str, bytearray] | None = None

    def callbacks(self) -> "MultipartCallbacks":
        """By the parser's names."""
        return {
            "on_part_begin": self._part,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _part(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise FormParserError("too many parts")
        self._disposition, self._field = b"", None

    def _header_end(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])
        self._header = [bytearray(), bytearray()]

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode()
        if b"filename" in options:
            if self.received.name is not None or name != "file":
                raise FormParserError("more than one file")
            self.received.name = options[b"filename"].decode()
        else:
            self._field = (name, bytearray())

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is not None:
            if len(self._field[1]) + end - start > _MAX_FIELD:
                raise FormParserError("a field is too long")
            self._field[1].extend(data[start:end])
            return
        self.received.size += end - start
        if self.received.size > self._limit:
            self.too_large = True
            return
        self.hash.update(data[start:end])
        self._file.write(data[start:end])

    def _part_end(self) -> None:
        if self._field is not None:
            name, value = self._field
            self.received.fields[name] = value.decode()

    def _end(self) -> None:
        self.ended = True

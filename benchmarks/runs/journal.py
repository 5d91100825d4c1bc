"""Replies of answers that are not finished yet, so that a killed run asks again for nothing that arrived.

An answer in steps makes several calls; a record is written after the last. Every reply is noted as soon as it
is whole, under the hash of its item's request and of its own prompt. The journal is a working file: it holds
replies whatever the task's licence says, and is removed when the run is finished.
"""

import asyncio
import os
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Container
from contextlib import aclosing
from pathlib import Path

from benchmarks.runs.folder import read_rows
from corpora import Frozen
from service.generators import Completion, Delta, Generator, Limits
from service.prompts import Prompt
from service.recording import request_id

NAME = "replies.jsonl"


class _Reply(Frozen):
    """One finished call: the item's request, the call's own, and what was said."""

    request: str
    call: str
    completion: Completion


class Journal:
    """The replies noted in a run's folder, by their item's request."""

    def __init__(self, path: Path, *, finished: Container[str] = ()) -> None:
        """Read what an earlier writer noted; replies of ``finished`` requests are dropped from the file."""
        self._path = path / NAME
        rows, _ = read_rows(self._path, _Reply, cut=True)
        kept = [row for row in rows if row.request not in finished]
        if len(kept) < len(rows):
            temporary = self._path.with_suffix(".new")
            temporary.write_bytes(b"".join(row.model_dump_json().encode() + b"\n" for row in kept))
            temporary.replace(self._path)
        self._rows: defaultdict[str, list[_Reply]] = defaultdict(list)
        for row in kept:
            self._rows[row.request].append(row)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def replies(self, request: str) -> defaultdict[str, deque[Completion]]:
        """What was said so far to a request, by call, in order."""
        found: defaultdict[str, deque[Completion]] = defaultdict(deque)
        for row in self._rows.get(request, ()):
            found[row.call].append(row.completion)
        return found

    def note(self, request: str, call: str, completion: Completion) -> None:
        """Append a reply. It survives the end of this process; after a power cut it is asked for again."""
        row = _Reply(request=request, call=call, completion=completion)
        os.write(self._file, row.model_dump_json().encode() + b"\n")
        self._rows[request].append(row)

    def forget(self, request: str) -> None:
        """The request has its record."""
        self._rows.pop(request, None)

    def close(self, *, remove: bool) -> None:
        """Close the file, and remove it once no unfinished answer needs it."""
        os.close(self._file)
        if remove:
            self._path.unlink(missing_ok=True)


class JournalledGenerator:
    """One try of an answer: replies that were noted before it come back, each once; new ones are noted."""

    def __init__(self, generator: Generator, journal: Journal, request: str) -> None:
        self._generator = generator
        self._journal = journal
        self._request = request
        self._replies = journal.replies(request)

    @property
    def context_tokens(self) -> int | None:
        """As the generator."""
        return self._generator.context_tokens

    async def generate(self, prompt: Prompt, *, limits: Limits) -> Completion:
        """The noted reply, or a new one."""
        call = request_id(prompt, limits)
        completion = self._noted(call)
        if completion is None:
            completion = await self._generator.generate(prompt, limits=limits)
            self._journal.note(self._request, call, completion)
        return completion

    async def stream(self, prompt: Prompt, *, limits: Limits) -> AsyncGenerator[Delta]:
        """The noted reply in one piece, or a new one."""
        call = request_id(prompt, limits)
        completion = self._noted(call)
        if completion is not None:
            yield Delta(text=completion.text)
            yield Delta(completion=completion)
            return
        async with aclosing(self._generator.stream(prompt, limits=limits)) as deltas:
            async for delta in deltas:
                if delta.completion is not None:
                    self._journal.note(self._request, call, delta.completion)
                yield delta

    async def problem(self) -> str | None:
        """As the generator."""
        return await self._generator.problem()

    async def close(self) -> None:
        """The generator is shared: whoever made it closes it."""
        await asyncio.sleep(0)

    def _noted(self, call: str) -> Completion | None:
        replies = self._replies.get(call)
        return replies.popleft() if replies else None

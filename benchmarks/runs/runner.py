"""Ask what is not answered yet, as many at once as the servers bear, and write every outcome down."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from time import monotonic, time
from typing import Any

import httpx
from pydantic import ValidationError

from benchmarks.errors import BadRequest
from benchmarks.runs import asker as askers
from benchmarks.runs.arms import Cell
from benchmarks.runs.asking import failure, reading_of
from benchmarks.runs.batch import Batch, BatchAsker, Pending
from benchmarks.runs.concurrency import AdaptiveLimit, Gate, GatedGenerator, follow_queue, is_overload
from benchmarks.runs.folder import RunFolder, latest
from benchmarks.runs.ir_baseline import IrAsker
from benchmarks.runs.journal import Journal
from benchmarks.runs.planning import Job, Plan, manifest
from benchmarks.runs.records import Failure, Record, answered, evidence_of, passage_record
from benchmarks.runs.scored import OneTokenGenerator
from benchmarks.settings import ModelSettings
from service.errors import BadRequest as BadQuestion
from service.errors import GeneratorUnavailable, IndexUnavailable, ServiceError
from service.generators.openai_compatible import OpenAIGenerator

RETRIED = frozenset({"generator-unavailable", "generation-timeout", "http-error", "busy"})
"""Failures of the server, not of the item: `--retry-failed` asks these again."""

_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class ServerGone(GeneratorUnavailable):
    """Too many failures in a row: going on would fill the run with them."""

    def __init__(self, model: str, count: int, last: str) -> None:
        super().__init__(
            f"{model}: {count}件続けて失敗したため停止しました({last})。"
            "直したら --resume --retry-failed で続けられます。",
            f"{model}: stopped after {count} failures in a row ({last}). Go on with --resume --retry-failed.",
        )


@dataclass(frozen=True)
class Progress:
    """What happened last: a record, and the limits in force."""

    record: Record
    done: int
    total: int
    limits: dict[str, int]


Report = Callable[[Progress], None]


async def run(
    plan: Plan,
    folder: RunFolder,
    *,
    url: str | None = None,
    batch: Batch | None = None,
    retry_failed: bool = False,
    report: Report | None = None,
) -> list[Record]:
    """Bring a run to its end.

    Args:
        url: Of a running service that answers in place of the settings' models.
        batch: Replies of a batch that answer in their place; what it lacks is noted there, and items that
            need it stay open.
        retry_failed: Ask again what failed for the server's sake.

    Returns:
        The last record of every cell of the plan that has one, in the plan's order.

    Raises:
        BadRequest: If the folder holds records of other requests under the same names.
        ServiceError: For a server that is gone, or an index that fails.
    """
    async with AsyncExitStack() as stack:
        before = {record.cell: record for record in latest(folder.records)}
        finished = {record.request for record in before.values()}
        journal = Journal(folder.path, finished=finished)
        whole = False
        stack.callback(lambda: journal.close(remove=whole))
        lanes = []
        for model in plan.settings.models:
            limit = AdaptiveLimit(model.concurrency, model.most_concurrent)
            asker = await _asker(model, plan, limit, journal, url, batch)
            stack.push_async_callback(asker.close)
            lanes.append(_Lane(plan, model, asker, limit, folder, before, retry_failed))
        folder.write_manifest(
            manifest(plan, {lane.model.name: await lane.asker.describe() for lane in lanes}, url=url)
        )
        todo = [lane.remaining() for lane in lanes]
        state = _State(plan.total, plan.total - sum(map(len, todo)), lanes, report)
        try:
            async with asyncio.TaskGroup() as group:
                for lane, jobs in zip(lanes, todo, strict=True):
                    group.create_task(lane.work(jobs, state))
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        made = {record.cell: record for record in latest(folder.records)}
        asked = [_cell(job) for model in plan.settings.models for job in plan.jobs(model)]
        whole = all(cell in made for cell in asked)
        return [made[cell] for cell in asked if cell in made]


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


class _State:
    def __init__(self, total: int, done: int, lanes: list["_Lane"], report: Report | None) -> None:
        self.total, self.done = total, done
        self._lanes, self._report = lanes, report

    def add(self, record: Record) -> None:
        self.done += 1
        if self._report is not None:
            limits = {lane.model.name: lane.limit.places for lane in self._lanes}
            self._report(Progress(record, self.done, self.total, limits))


class _Lane:
    """One model's share of the run."""

    def __init__(
        self,
        plan: Plan,
        model: ModelSettings,
        asker: askers.Asker,
        limit: AdaptiveLimit,
        folder: RunFolder,
        before: dict[Cell, Record],
        retry_failed: bool,
    ) -> None:
        self.plan, self.model, self.asker, self.limit = plan, model, asker, limit
        self._folder = folder
        self._before = before
        self._retry_failed = retry_failed
        self._failures = 0

    def remaining(self) -> list[tuple[Job, str]]:
        """Jobs without a record, with their hashes."""
        found = []
        for job in self.plan.jobs(self.model):
            request = job.request(self.asker.model_id)
            record = self._before.get(_cell(job))
            if record is not None and record.request != request:
                raise BadRequest(
                    f"{self._folder.path} holds {record.task} {record.item} {record.arm} of another request: "
                    "the settings, the model, the data or the index changed since; name another --out"
                )
            if record is None or (self._retry_failed and record.failure and record.failure.kind in RETRIED):
                found.append((job, request))
        return found

    async def work(self, jobs: list[tuple[Job, str]], state: _State) -> None:
        """Answer the jobs in their order, as many at once as the limit has places."""
        gate = Gate(self.limit)
        watch: asyncio.Task[None] | None = None
        if (
            self.model.kind == "openai"
            and self.model.base_url
            and not isinstance(self.asker, askers.RestAsker | BatchAsker)
        ):
            watch = asyncio.create_task(follow_queue(self.model.base_url, self.limit))
        try:
            async with asyncio.TaskGroup() as group:
                for job, request in jobs:
                    await gate.enter()
                    group.create_task(self._one(job, request, gate, state))
        finally:
            if watch is not None:
                watch.cancel()
                with suppress(asyncio.CancelledError):
                    await watch

    async def _one(self, job: Job, request: str, gate: Gate, state: _State) -> None:
        try:
            record = await self._record(job, request)
        except Pending:  # its next call is among the requests that are written for a batch
            return
        finally:
            gate.leave()
        self._folder.records.append(record)
        state.add(record)
        self._failures = self._failures + 1 if record.failure and record.failure.kind in RETRIED else 0
        if record.failure and self._failures >= self.plan.settings.stop_after:
            raise ServerGone(self.model.name, self._failures, record.failure.message)

    async def _record(self, job: Job, request: str) -> Record:
        cell = _cell(job)
        started = time()
        for attempt in range(1, self.plan.settings.attempts + 1):
            began = monotonic()
            try:
                answer = await self.asker.ask(job, request)
            except (IndexUnavailable, Pending):
                raise
            except (BadQuestion, ValidationError) as error:
                reason = (
                    str(error)
                    if isinstance(error, BadQuestion)
                    else "longer than the service takes, or empty"
                )
                failed = Failure(kind="bad-item", message=reason)
            except ServiceError as error:
                again = is_overload(error) or isinstance(error, askers.ServiceGone)
                if again and attempt < self.plan.settings.attempts:
                    await asyncio.sleep(min(_LONGEST_PAUSE_S, _PAUSE_S * 2 ** (attempt - 1)))
                    continue
                failed = Failure(kind=error.code, message=error.en)
            except Exception as error:
                failed = Failure(kind="bug", message=f"{type(error).__name__}: {error}"[:500])
            else:
                seconds = monotonic() - began
                record = answered(
                    cell,
                    job.item,
                    answer,
                    reading_of(job.item, job.arm.prompt, answer),
                    request=request,
                    started=started,
                    seconds=seconds,
                    attempts=attempt,
                    shown=job.planned.shown,
                    probabilities=self._probabilities(request),
                )
                passages = map(passage_record, evidence_of(answer)) if job.planned.shown else ()
                await self._folder.add(record, passages)
                return record
            record = Record(
                task=cell.task,
                item=cell.item,
                arm=cell.arm,
                repeat=cell.repeat,
                request=request,
                parsed=failure(failed.kind),
                failure=failed,
                started=started,
                seconds=monotonic() - began,
                attempts=attempt,
                model=self.asker.model_id,
                generation=job.planned.retriever(job.arm).generation,
            )
            await self._folder.add(record, ())
            return record
        raise AssertionError("unreachable: the last attempt returns")

    def _probabilities(self, request: str) -> dict[str, float] | None:
        known = self.asker.probabilities if isinstance(self.asker, askers.ModelAsker) else {}
        return known.pop(request, None)


def _cell(job: Job) -> Cell:
    return Cell(task=job.planned.task.task_id, item=job.item.item_id, arm=job.arm.arm_id, repeat=job.repeat)


async def _asker(
    model: ModelSettings,
    plan: Plan,
    limit: AdaptiveLimit,
    journal: Journal,
    url: str | None,
    batch: Batch | None,
) -> askers.Asker:
    if url is not None:
        address = url.rstrip("/")
        return askers.RestAsker(address, await _ready(address), limit, timeout_s=model.total_timeout_s)
    if model.kind == "extractive":
        return askers.ExtractiveAsker()
    if model.kind == "ir":
        return IrAsker()
    assert model.base_url is not None
    if batch is not None:
        scored = "scored" in plan.settings.prompts
        return batch.asker(model, plan.settings.repeats, journal, scored=scored)
    generators = {repeat: OpenAIGenerator(model.openai(repeat)) for repeat in range(plan.settings.repeats)}
    gated = {repeat: GatedGenerator(generator, limit) for repeat, generator in generators.items()}
    scorers = {}
    if "scored" in plan.settings.prompts:
        scorers = {
            repeat: GatedGenerator(OneTokenGenerator(model.openai(repeat), generator), limit)
            for repeat, generator in generators.items()
        }
    return await askers.model_asker(generators, gated, journal, model.base_url, scorers)


async def _ready(url: str) -> dict[str, Any]:
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            reply = await client.get(f"{url}/readyz")
            body = reply.json()
    except (httpx.HTTPError, ValueError):
        raise BadRequest(f"--url {url}: no service answers there: start one with `jmedqa serve`") from None
    if not isinstance(body, dict) or not body.get("ready"):
        raise BadRequest(f"--url {url}: the service is not ready: ask its /readyz")
    return {name: body.get(name) for name in ("generator", "generation")}

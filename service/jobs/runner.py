"""Starts jobs, watches them, and finds them again.

    state.dir/jobs/ID.child     which process it is
    state.dir/jobs/ID.out       what it printed: JSON lines
    state.dir/jobs/ID.err       the same for people; kept with the job

The child writes to files, never to a pipe: a server that dies takes no build with it, and the next one reads
on. What a build had encoded before it was killed is in the index's journal, so a new job goes on from there.
"""

import asyncio
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import structlog

from indexer import builder
from service.jobs import children
from service.jobs.children import Child
from service.jobs.errors import IndexIsBusy, JobFinished, JobsRefused
from service.jobs.lines import read_lines
from service.jobs.settings import JobSettings
from service.state import Job, Store, UnknownId
from service.state.database import make_private_folder

log = structlog.get_logger(__name__)

Kind = Literal["index-rebuild", "index-verify"]

_DIED = {
    "code": "job-died",
    "ja": "処理が途中で止められました。もう一度始めると、計算済みのところから続けます。",
    "en": "The process was stopped before its end. Start it again: it goes on from what it had computed.",
}


class JobRunner:
    """The jobs of one index. `recover` once after the store is open; `stop` before it closes."""

    def __init__(self, store: Store, settings: JobSettings, index: Path, folder: Path) -> None:
        self._store = store
        self._settings = settings
        self._index = index
        self._folder = folder
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._cancelling: set[str] = set()
        self._starting = asyncio.Lock()

    async def recover(self) -> None:
        """Look after the jobs that an earlier server started: those that still run, and those that ended."""
        unfinished = await self._store.jobs.unfinished()
        for job in unfinished:
            child = children.read_child(self._file(job, "child"))
            if child is None:
                await self._store.jobs.finish(job.job_id, "failed", error=_DIED)
            else:
                self._watch(job, child, None)
        await self._sweep()

    async def stop(self) -> None:
        """Watch no longer. Jobs go on; the next server finds them."""
        tasks = list(self._watching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def start(self, kind: Kind, owner: str) -> Job:
        """Start a job.

        Raises:
            JobsRefused: If no configuration to rebuild from is set.
            IndexIsBusy: If a build is under way, of this server's or anyone's.
        """
        arguments = self._arguments(kind)
        async with self._starting:
            if kind == "index-rebuild":
                await self._check_free()
            job = await self._store.jobs.create(owner, kind, {})
            make_private_folder(self._folder)
            try:
                child, process = await asyncio.to_thread(
                    children.start,
                    arguments,
                    self._file(job, "out"),
                    self._file(job, "err"),
                    nice=self._settings.nice,
                )
                children.write_child(self._file(job, "child"), child)
            except OSError as error:
                log.error("job not started", errno=error.errno)
                return await self._store.jobs.finish(job.job_id, "failed", error=_DIED)
            job = await self._store.jobs.start(job.job_id, child.process_id)
            self._watch(job, child, process)
            return job

    async def cancel(self, job_id: str) -> Job:
        """Stop a job; what it was building is dropped, and the live index is as it was.

        Raises:
            UnknownId: If there is no such job.
            JobFinished: If it ended by itself before.
        """
        job = await self._store.jobs.get(job_id)
        if job.status == "cancelled":
            return job
        if not job.finished:
            self._cancelling.add(job_id)
            try:
                child = children.read_child(self._file(job, "child"))
                if child is not None:
                    await asyncio.to_thread(child.stop)
                end = read_lines(self._file(job, "out")).end
                if end is None:
                    return await self._store.jobs.finish(job_id, "cancelled")
                await self._ended(job, end)  # it came to its end before it was stopped
            finally:
                self._cancelling.discard(job_id)
        raise JobFinished("このジョブは既に終わっています。", "This job has ended already.")

    def _arguments(self, kind: Kind) -> list[str]:
        if kind == "index-verify":
            return ["index", "verify", "--index", str(self._index), "--all", "--json-lines"]
        config = self._settings.rebuild_config
        if config is None:
            raise JobsRefused(
                "再構築の設定がありません。[jobs] の rebuild_config に設定ファイルを指定してください。",
                "No rebuild is configured: set rebuild_config in [jobs] of the settings.",
            )
        return ["index", "build", "--config", str(config), "--out", str(self._index), "--json-lines"]

    async def _check_free(self) -> None:
        mine = [job for job in await self._store.jobs.unfinished() if job.kind == "index-rebuild"]
        other = await asyncio.to_thread(builder, self._index)
        if mine or other is not None:
            which = mine[0].job_id if mine else f"process {other or '?'}"
            raise IndexIsBusy(
                f"索引の構築が進行中です({which})。終わるのを待つか、取り消してください。",
                f"A build is under way ({which}): wait for it, or cancel it.",
            )

    def _watch(self, job: Job, child: Child, process: "subprocess.Popen[bytes] | None") -> None:
        task = asyncio.create_task(self._watched(job, child, process))
        self._watching[job.job_id] = task
        task.add_done_callback(lambda _: self._watching.pop(job.job_id, None))

    async def _watched(self, job: Job, child: Child, process: "subprocess.Popen[bytes] | None") -> None:
        told: dict[str, Any] | None = None
        while True:
            # Asked before its lines are read: what it printed last is there once it has ended.
            ended = process.poll() is not None if process is not None else not child.alive
            printed = await asyncio.to_thread(read_lines, self._file(job, "out"))
            if printed.end is not None or ended:
                await self._ended(job, printed.end)
                break
            if printed.progress is not None and printed.progress != told:
                told = printed.progress
                await self._store.jobs.report(job.job_id, told)
            await asyncio.sleep(self._settings.poll_s)
        if process is not None:
            await asyncio.to_thread(process.wait)

    async def _ended(self, job: Job, end: dict[str, Any] | None) -> None:
        if end is None and job.job_id in self._cancelling:
            return
        if end is None:
            await self._store.jobs.finish(job.job_id, "failed", error=_DIED)
        elif end.get("exit_code") == 0:
            await self._store.jobs.finish(job.job_id, "succeeded", result=end.get("result"))
        else:
            message = str(end.get("message") or "")
            error = {
                "code": str(end.get("error")),
                "ja": f"処理に失敗しました。{message}",
                "en": f"It failed. {message}".strip(),
            }
            await self._store.jobs.finish(job.job_id, "failed", error=error)
        log.info("job ended", job=job.job_id, kind=job.kind, exit_code=end and end.get("exit_code"))

    async def _sweep(self) -> None:
        """Remove the files of jobs that are kept no longer."""
        for path in list(self._folder.glob("job_*.*")) if self._folder.is_dir() else []:
            try:
                await self._store.jobs.get(path.name.partition(".")[0])
            except UnknownId:
                with suppress(OSError):
                    path.unlink()

    def _file(self, job: Job, kind: str) -> Path:
        return self._folder / f"{job.job_id}.{kind}"

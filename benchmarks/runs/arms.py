"""The cells of a run: model x strategy x prompt on a task, and the items they all share."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from benchmarks.settings import PromptStyle, RunSettings, TaskSettings, retrieving
from benchmarks.tasks import Item
from corpora import Frozen
from service.strategies import StrategyName


class Arm(Frozen):
    """How a task's items are answered. ``arm_id`` is ``model/strategy/prompt``."""

    model: str
    strategy: StrategyName
    prompt: PromptStyle

    @property
    def arm_id(self) -> str:
        return f"{self.model}/{self.strategy}/{self.prompt}"


class Cell(Frozen):
    """What one record is of: an item of a task, in an arm, for the n-th time (``repeat`` counts from 0)."""

    task: str
    item: str
    arm: str
    repeat: int


def arms_of(settings: RunSettings, task: TaskSettings) -> tuple[Arm, ...]:
    """The arms of a task, in the order of the settings. A task without an index has no arm that retrieves.

    Without a model server there are no probabilities, so no ``scored`` arms.
    """
    chosen = task.strategies or settings.strategies
    strategies = [name for name in chosen if task.index is not None or not retrieving(name)]
    return tuple(
        Arm(model=model.name, strategy=strategy, prompt=prompt)
        for model in settings.models
        for prompt in settings.prompts
        for strategy in strategies
        if (model.kind != "ir" or strategy == "single") and (model.kind == "openai" or prompt != "scored")
    )


def drawn(items: Sequence[Item], *, task: str, seed: int, limit: int | None) -> tuple[Item, ...]:
    """Items in the order of a hash of seed, task and id, at most ``limit``.

    The order does not depend on how many there are, so a larger limit goes on where a smaller one stopped.
    """

    def place(item: Item) -> bytes:
        return sha256(f"{seed}\0{task}\0{item.item_id}".encode()).digest()

    return tuple(sorted(items, key=place)[:limit])


def cells(items: Sequence[Item], arms: Sequence[Arm], repeats: int) -> Iterator[tuple[Item, Arm, int]]:
    """Item by item, all arms of one together: they begin with the same words, which a server caches."""
    for repeat in range(repeats):
        for item in items:
            for arm in arms:
                yield item, arm, repeat

"""Who scores what, in which order: drawn once from a seed, when the study is made.

A rater who is given a case scores every system on it, so systems are compared within case and rater. Where a
case gets fewer raters than there are, cases go round in turn (case i to raters i, i+1, …): every rater gets
nearly as many, and all raters are linked by shared cases, which severity needs.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One answer: ``answer`` is a random id that tells nothing."""

    answer: str
    case_id: str
    stage: int


@dataclass(frozen=True)
class Planned:
    """One task of a rater; ``block`` counts (case, stage) blocks in the rater's order, from 0."""

    answer: str
    block: int
    repeat: bool


def dealt(cases: Sequence[str], raters: Sequence[str], per_case: int, seed: int) -> dict[str, list[str]]:
    """Rater → cases, in the rater's own random order.

    Raises:
        ValueError: If ``per_case`` is not between 1 and the number of raters.
    """
    if not 1 <= per_case <= len(raters):
        raise ValueError(f"raters per case must be 1 to {len(raters)}, got {per_case}")
    draw = random.Random(f"{seed}/cases")  # noqa: S311  (a design, not a secret)
    shuffled = sorted(cases)
    draw.shuffle(shuffled)
    given: dict[str, list[str]] = {rater: [] for rater in raters}
    for number, case in enumerate(shuffled):
        for step in range(per_case):
            given[raters[(number + step) % len(raters)]].append(case)
    for rater, own in given.items():
        random.Random(f"{seed}/{rater}/cases").shuffle(own)  # noqa: S311
    return given


def ordered(
    cells: Sequence[Cell], cases: Sequence[str], rater: str, seed: int, share: float
) -> list[Planned]:
    """A rater's tasks: case by case, stage by stage, the answers of a stage in random order.

    ``share`` of the answers come a second time, unmarked, among those of a later case (of the last block,
    where there is no later case), so that they do not follow their first showing at once.
    """
    draw = random.Random(f"{seed}/{rater}/answers")  # noqa: S311
    blocks: list[list[Planned]] = []
    case_of_block: list[int] = []
    for number, case in enumerate(cases):
        for stage in sorted({cell.stage for cell in cells if cell.case_id == case}):
            own = [cell for cell in cells if cell.case_id == case and cell.stage == stage]
            draw.shuffle(own)
            blocks.append([Planned(cell.answer, len(blocks), False) for cell in own])
            case_of_block.append(number)
    first = [(block, planned) for block, tasks in enumerate(blocks) for planned in tasks]
    for block, planned in draw.sample(first, round(share * len(first))):
        later = [other for other in range(len(blocks)) if case_of_block[other] > case_of_block[block]]
        target = draw.choice(later) if later else len(blocks) - 1
        at = draw.randrange(len(blocks[target]) + 1) if target > block else len(blocks[target])
        blocks[target].insert(at, Planned(planned.answer, target, True))
    return [planned for tasks in blocks for planned in tasks]

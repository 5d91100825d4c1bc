"""The tasks by id. One file a data set: its source, licence, format, prompt, parser and scorer."""

from benchmarks.errors import BadRequest
from benchmarks.tasks import (
    answercarefully,
    bioasq,
    igakuqa,
    igakuqa119,
    jmed_llm,
    medmcqa,
    medqa,
    mmlu,
    pubmedqa,
)
from benchmarks.tasks.items import Files, Item, Judged, Metrics, ParserName, Task

TASKS: dict[str, Task] = {
    task.task_id: task
    for module in (medqa, pubmedqa, medmcqa, mmlu, bioasq, jmed_llm, igakuqa, igakuqa119, answercarefully)
    for task in module.TASKS
}


def find_task(name: str) -> Task:
    """The task of an id; the error lists the ids that there are."""
    if name not in TASKS:
        raise BadRequest(f"no such task: {name}; known: {', '.join(TASKS)}")
    return TASKS[name]


__all__ = ["TASKS", "Files", "Item", "Judged", "Metrics", "ParserName", "Task", "find_task"]

"""The tasks by id. One file a data set: its source, licence, format, prompt, parser and scorer."""

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

__all__ = ["TASKS", "Files", "Item", "Judged", "Metrics", "ParserName", "Task"]

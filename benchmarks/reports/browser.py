"""The item browser: what every arm made of an item, with its steps and evidence. No script: folded parts.

Every text is escaped: questions, replies and passages may hold anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from benchmarks.reports.results import Column
from benchmarks.runs.folder import Key
from benchmarks.runs.records import PassageRecord, Record
from benchmarks.tasks import Item

MARKS = {True: "○", False: "×"}


def browser(columns: Sequence[Column], passages: Mapping[Key, PassageRecord], most: int | None) -> str:
    """Items task by task, those on which arms differ first.

    Args:
        passages: Texts of evidence, where they were kept.
        most: Of each task; ``None`` shows all.
    """
    parts = []
    for task in dict.fromkeys(column.task.task_id for column in columns):
        members = [column for column in columns if column.task.task_id == task]
        ids = [item for item in members[0].items if all(item in one.items for one in members)]
        ids.sort(key=lambda item: _rank(item, members))
        shown = ids[:most]
        left = f"（{len(ids)}問のうち{len(shown)}問 / {len(shown)} of {len(ids)} items）"
        body = "".join(_item(members, item, passages) for item in shown)
        parts.append(f"<details class=task><summary>{escape(task)} {left}</summary>{body}</details>")
    return "".join(parts)


def _rank(item: str, members: Sequence[Column]) -> tuple[int, str]:
    shares = {column.shares[item] for column in members}
    failed = any(record.failure for column in members for record in _records(column, item))
    return (0 if len(shares) > 1 else 1 if failed else 2 if min(shares) < 1 else 3), item


def _records(column: Column, item: str) -> Iterable[Record]:
    return (result.records[item] for result in column.results if item in result.records)


def _item(members: Sequence[Column], item_id: str, passages: Mapping[Key, PassageRecord]) -> str:
    first = members[0]
    item = first.items[item_id]
    marks = " ".join(
        f'<span class="{"good" if column.shares[item_id] >= 0.5 else "bad"}" title="{escape(column.label)}">'
        f"{MARKS[column.shares[item_id] >= 0.5]}</span>"
        for column in members
    )
    out = [f"<details><summary>{escape(item_id)} {marks}</summary>"]
    if first.shown:
        out.append(_question(item))
    else:
        out.append("<p>本文は再配布できないため載せていません。 / The text may not be passed on.</p>")
    for column in members:
        for record in _records(column, item_id):
            out.append(_answer(column, item_id, record, passages))
    return "".join([*out, "</details>"])


def _question(item: Item) -> str:
    context = f"<p class=context>{escape(item.context)}</p>" if item.context else ""
    right = {label for answer in item.gold for label in answer}
    pairs = zip(item.expected.labels, item.expected.texts, strict=False)
    choices = "".join(
        f"<li{' class=right' if label in right else ''}>{escape(label)}. {escape(text)}</li>"
        for label, text in pairs
    )
    gold = " / ".join(", ".join(answer) for answer in item.gold)
    return f"{context}<p>{escape(item.question)}</p><ul>{choices}</ul><p>正答 / gold: {escape(gold)}</p>"


def _answer(column: Column, item_id: str, record: Record, passages: Mapping[Key, PassageRecord]) -> str:
    judged = next(entry for entry in column.results[record.repeat].judged if entry.item.item_id == item_id)
    said = ", ".join(judged.parsed.value) or "–"
    head = f"{column.label} {MARKS[judged.correct]} {said} ({judged.parsed.status})"
    if record.repeat or len(column.results) > 1:
        head += f" #{record.repeat + 1}"
    out = [f'<div class="arm {"good" if judged.correct else "bad"}"><h4>{escape(head)}</h4>']
    if record.failure:
        out.append(f"<p>{escape(record.failure.kind)}: {escape(record.failure.message)}</p>")
    if record.response and record.response.text:
        out.append(f"<pre>{escape(record.response.text)}</pre>")
    for leak in record.leaks:
        out.append(
            f"<p class=leak>漏洩の疑い / leak: {leak.kind} {escape(leak.passage_id)} ({leak.share:.0%})</p>"
        )
    for step in record.steps:
        title = f"{step.number}. {step.sub_question or ''}"
        out.append(f"<h5>{escape(title)}</h5>")
        if step.query and step.query != step.sub_question:
            out.append(f"<p>検索 / query: {escape(step.query)}</p>")
        out += [_evidence(passage_id, record, passages) for passage_id in step.evidence]
        if step.conclusion or step.error:
            out.append(f"<p>{escape(step.conclusion or step.error or '')}</p>")
    return "".join([*out, "</div>"])


def _evidence(passage_id: str, record: Record, passages: Mapping[Key, PassageRecord]) -> str:
    cited = " ★" if passage_id in record.cited else ""
    kept = passages.get((record.generation, passage_id))
    if kept is None:
        return f"<p class=passage>{escape(passage_id)}{cited}</p>"
    place = " > ".join(kept.headings) or kept.title
    return (
        f"<details class=passage><summary>{escape(passage_id)}{cited} {escape(place)}</summary>"
        f"<p>{escape(kept.text)}</p></details>"
    )

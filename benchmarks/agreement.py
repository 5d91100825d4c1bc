"""What the strict parser says of real replies that an official parser read: agreement, and every class of
disagreement."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.files import read_items
from benchmarks.parsing import Expected, Parsed, Status, parse_answer
from benchmarks.parsing import official as official_parsers
from benchmarks.tasks import TASKS
from corpora import Frozen

MIRAGE_LABELS = {"pubmedqa": "ABC", "bioasq": "AB"}
MIRAGE_TEXTS = {"pubmedqa": ("yes", "no", "maybe"), "bioasq": ("yes", "no")}


class Disagreement(Frozen):
    """A class of replies on which two parsers differ, with its size and some of the replies."""

    official: str
    strict: Status
    rule: str
    count: int
    examples: tuple[str, ...]


class Agreement(Frozen):
    """How often two parsers say the same of real replies.

    Attributes:
        official_reproduced: Rows on which the rebuilt official parser gives what was published.
        agree: Rows that both read alike.
        differ_when_both_read: Rows in which each names an answer, and not the same.
    """

    source: str
    n: int
    official_reproduced: int
    agree: int
    differ_when_both_read: int
    statuses: dict[str, int]
    disagreements: tuple[Disagreement, ...]


def mirage_rows(data: Path) -> Iterator[dict[str, Any]]:
    """Rows of ``mirage/gpt35_predictions.jsonl.gz``: published replies of GPT-3.5 and what the official
    parser made of them."""
    with gzip.open(data / "mirage" / "gpt35_predictions.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def mirage_expected(dataset: str) -> Expected:
    """The form of answer of a MIRAGE set. The file holds no questions, so the choices' texts are known for
    yes/no only."""
    return Expected(
        kind="choice", labels=tuple(MIRAGE_LABELS.get(dataset, "ABCD")), texts=MIRAGE_TEXTS.get(dataset, ())
    )


def mirage_reply(tail: str | None) -> str | None:
    """The reply whose end the file holds: the official parser keeps what follows ``"answer_choice": "``."""
    if tail is None or not tail.endswith('"}') or tail.startswith("{"):
        return tail
    return '{"answer_choice": "' + tail


def mirage_agreement(data: Path) -> Agreement:
    """The strict parser beside MIRAGE's, on 15,326 replies of GPT-3.5."""

    def compare() -> Iterator[tuple[bool, str | None, bool, Parsed, str]]:
        for row in mirage_rows(data):
            tail = row["raw_tail"]
            letter, matched = official_parsers.mirage(tail) if tail is not None else (None, False)
            strict = parse_answer(mirage_reply(tail), mirage_expected(row["dataset"]))
            yield (letter, matched) == (row["parsed"], row["matched"]), letter, matched, strict, str(tail)

    return _agreement("MIRAGE, GPT-3.5", compare())


def exam_agreement(data: Path) -> Agreement:
    """The strict parser beside IgakuQA119's, on the 400 answers of Qwen2.5-72B."""
    items = {item.item_id: item for item in read_items(TASKS["igakuqa119"], data / "igakuqa119")}

    def compare() -> Iterator[tuple[bool, str | None, bool, Parsed, str]]:
        for path in sorted((data / "igakuqa119" / "answers").glob("*.json")):
            for row in json.loads(path.read_text(encoding="utf-8"))["results"]:
                reply = row["answers"][0]["answer"]
                item = items[row["question_number"]]
                said = official_parsers.igakuqa119(reply)
                strict = parse_answer(reply, item.expected)
                letters = "".join(sorted("".join(strict.value))) if strict.status == "parsed" else None
                yield True, said, said == letters, strict, reply

    return _agreement("IgakuQA119, Qwen2.5-72B", compare(), sort=True)


def _agreement(
    source: str, rows: Iterable[tuple[bool, str | None, bool, Parsed, str]], *, sort: bool = False
) -> Agreement:
    n = reproduced = agree = differ = 0
    statuses: Counter[str] = Counter()
    classes: Counter[tuple[str, Status, str]] = Counter()
    examples: dict[tuple[str, Status, str], list[str]] = {}
    for same_as_published, letter, matched, strict, reply in rows:
        n += 1
        reproduced += same_as_published
        statuses[strict.status] += 1
        value = "".join(sorted("".join(strict.value))) if sort else "".join(strict.value)
        if matched and strict.status == "parsed" and value == letter:
            agree += 1
            continue
        differ += matched and strict.status == "parsed"
        said = "no reply" if letter is None else "read a letter" if matched else f"default {letter}"
        key = (said, strict.status, strict.rule)
        classes[key] += 1
        if reply[:60] not in examples.setdefault(key, []) and len(examples[key]) < 3:
            examples[key].append(reply[:60])
    found = tuple(
        Disagreement(
            official=said, strict=status, rule=rule, count=count, examples=tuple(examples[said, status, rule])
        )
        for (said, status, rule), count in classes.most_common()
    )
    return Agreement(
        source=source,
        n=n,
        official_reproduced=reproduced,
        agree=agree,
        differ_when_both_read=differ,
        statuses=dict(statuses),
        disagreements=found,
    )


class RowOutcome(Frozen):
    """One written row, and what the parser made of it. ``false_parse``: it named an answer that the row does
    not give."""

    line: int
    reply: str
    wanted: tuple[Status, tuple[str, ...]]
    found: Parsed

    @property
    def right(self) -> bool:
        """Status and value are those of the row."""
        return (self.found.status, self.found.value) == self.wanted

    @property
    def false_parse(self) -> bool:
        """A silent guess: an answer was read where there is none, or another one."""
        return self.found.status == "parsed" and not self.right


def check_rows(path: Path) -> tuple[RowOutcome, ...]:
    """Parse the rows of an adversarial table.

    The table's first lines, ``# name<TAB>{…}``, define forms of answer (fields of Expected). Each further
    line holds the form's name, the status, the value (labels or numbers divided by spaces; a JSON list for
    entities) and the reply, in which ``\\n`` stands for a line break; a fifth field is the finish reason.
    """
    forms: dict[str, Expected] = {}
    outcomes = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("# "):
            name, form = line[2:].split("\t")
            forms[name] = Expected.model_validate_json(form)
        elif line.strip() and not line.startswith("#"):
            name, status, value, reply, *finish = line.split("\t")
            expected = forms[name]
            wanted = tuple(json.loads(value)) if value.startswith("[") else tuple(value.split())
            text = None if reply == "(none)" else reply.replace("\\n", "\n")
            found = parse_answer(text, expected, finish_reason=finish[0] if finish else None)
            outcomes.append(RowOutcome(line=number, reply=reply, wanted=(status, wanted), found=found))
    return tuple(outcomes)


def agreement_table(agreements: Sequence[Agreement]) -> str:
    """Agreements as Markdown."""
    lines = []
    for entry in agreements:
        lines += [
            f"{entry.source}: {entry.n:,} replies, official parser reproduced on "
            f"{entry.official_reproduced:,}, strict agrees on {entry.agree:,}, "
            f"both read and differ on {entry.differ_when_both_read:,}",
            "",
            "| official | strict | rule | replies | such as |",
            "|---|---|---|---|---|",
        ]
        for row in entry.disagreements:
            examples = " / ".join(row.examples).replace("|", "¦").replace("\n", " ")
            lines.append(f"| {row.official} | {row.strict} | {row.rule} | {row.count:,} | {examples} |")
        lines.append("")
    return "\n".join(lines)

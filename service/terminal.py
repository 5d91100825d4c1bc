"""How an answer and the doctor's findings look in a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.answers import Answer, Claim
from service.doctor import Check
from service.questions import Question
from service.wording import ASPECT_LABELS, STATUS_LABELS


def show_answer(console: Console, question: Question, answer: Answer) -> None:
    """Text, choice, claims' status, the passages cited and the notices, in the question's language."""
    japanese = question.language == "ja"
    if answer.reason:
        console.print(f"[bold]{escape(answer.reason.ja if japanese else answer.reason.en)}[/bold]")
    if answer.choice is not None:
        chosen = next(choice for choice in question.choices if choice.label == answer.choice)
        console.print(f"[bold]{escape(f'{chosen.label}. {chosen.text}')}[/bold]")
    if answer.text:
        console.print(escape(answer.text), soft_wrap=True, highlight=False)
    side = 0 if japanese else 1
    for status, labels in STATUS_LABELS.items():
        count = sum(claim.status == status for claim in answer.claims)
        if count:
            console.print(f"[dim]{labels[side]}: {count}[/dim]")
    for claim in answer.claims:
        if claim.status == "contradicted":
            console.print(f"[red]! {escape(_flag(claim, side))}[/red]", soft_wrap=True, highlight=False)
    shown: set[str] = set()
    for citation in answer.citations:
        if citation.key not in shown:
            shown.add(citation.key)
            console.print(f"[cyan]{escape(f'[{citation.key}]')}[/cyan] {escape(citation.title)}", end="  ")
            console.print(f"[dim]{escape(citation.passage_id)}[/dim]", highlight=False)
    for notice in answer.notices:
        times = f" ({notice.count})" if notice.count > 1 else ""
        console.print(f"[yellow]※ {escape(notice.ja if japanese else notice.en)}{times}[/yellow]")


def _flag(claim: Claim, side: int) -> str:
    """A contradicted sentence with what differs: 「…」 数値: 20 mL ≠ 10 mL."""
    reasons = [
        f"{ASPECT_LABELS[found.aspect][side]}: {found.claim} ≠ {found.passage}"
        for found in claim.mismatches
        if found.contradicts
    ]
    return f"{claim.text}  ({'; '.join(reasons)})"


def show_checks(console: Console, checks: list[Check]) -> None:
    """One row a check."""
    marks = {"ok": "[green]ok[/green]", "failed": "[red]failed[/red]", "skipped": "[dim]skipped[/dim]"}
    table = Table("", "check", "found", show_edge=False, pad_edge=False)
    for check in checks:
        table.add_row(marks[check.status], check.name, escape(check.detail))
    console.print(table)

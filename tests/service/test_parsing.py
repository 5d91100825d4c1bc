"""Structured replies are read strictly or not at all."""

import pytest

from service.parsing import Chosen, parse_choice, parse_plan

LABELS = ("A", "B", "C")


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ('{"choice": "B"}', "B"),
        (' {"choice":"A"}\n', "A"),
        ('```json\n{"choice": "C"}\n```', "C"),
        ('{"choice": null}', None),
    ],
)
def test_a_choice_in_the_asked_form_is_read(reply: str, label: str | None) -> None:
    assert parse_choice(reply, LABELS) == Chosen(label=label)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "B",
        "答えはBです。",
        '{"choice": "D"}',
        '{"choice": "b"}',
        '{"choice": "A or B"}',
        '{"choice": ["A"]}',
        '{"choice": 1}',
        '{"choice": true}',
        '{"choice": "A", "why": "…"}',
        '{"choice": "A", "choice": "B"}',
        '["A"]',
        '{"choice": "A"} です',
        '{"choice": "A"',
        "[" * 100_000,
    ],
)
def test_anything_else_is_no_choice(reply: str) -> None:
    assert parse_choice(reply, LABELS) is None


def test_a_plan_is_numbered_and_cut_to_its_limit() -> None:
    steps = ", ".join(f'{{"sub_question": "問{n}", "query": "語{n}"}}' for n in (1, 2, 2, 3, 4))
    plan = parse_plan(f'{{"steps": [{steps}]}}', max_steps=3)
    assert plan is not None
    assert [(step.number, step.query) for step in plan] == [(1, "語1"), (2, "語2"), (3, "語3")]


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "1. 緊急度を調べる",
        '{"steps": []}',
        '{"steps": [{"sub_question": "問"}]}',
        '{"steps": [{"sub_question": "問", "query": "  "}]}',
        '{"steps": [{"sub_question": "問", "query": "語", "extra": 1}]}',
        '{"steps": [{"sub_question": 1, "query": "語"}]}',
        '{"steps": [{"sub_question": "\\ud800", "query": "語"}]}',
        '[{"sub_question": "問", "query": "語"}]',
    ],
)
def test_an_unreadable_plan_is_none(reply: str) -> None:
    assert parse_plan(reply, max_steps=3) is None

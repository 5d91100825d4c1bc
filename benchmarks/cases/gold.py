"""A key's answers as text, for the hand-over ``gold_output``."""

from benchmarks.cases.keys import CaseKey


def gold_outputs(key: CaseKey) -> dict[str, str]:
    """Question id → its key points as a list, the weightiest first, equal weights as written."""
    return {
        question: "\n".join(
            f"- {point.text}" for point in sorted(answers.key_points, key=lambda point: -point.weight)
        )
        for question, answers in key.questions.items()
    }

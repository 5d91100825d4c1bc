"""How items are asked without a strategy: newly worded, with the meaning of the official prompts.

The official prompts of multiple-choice tasks ask for the letter and nothing else; those of extraction for a
Python list.
"""

from benchmarks.tasks.items import Item
from service.questions import Choice, Question

_CHOICE_JA = (
    "医学の問題に答えてください。選択肢から最も適切なものを1つ選び、その記号だけを書いてください。"
    "説明は書かないでください。"
)
_CHOICE_EN = (
    "Answer the medical question. Pick the single best choice and write its letter only, without any "
    "explanation."
)
_CHOICES_JA = (
    "医師国家試験の問題に答えてください。選ぶ数の指示があればその数だけ、なければ1つ選び、"
    "記号を「a」「a,c」のようにコンマで区切って書いてください。記号のほかは書かないでください。"
)
_CHOICES_EN = (
    "Answer the licensing examination's question. Pick as many choices as it asks for, one if it names no "
    "number, and write their letters only, divided by commas: a or a,c."
)
_NUMBER_JA = "医師国家試験の計算問題に答えてください。求める数値だけを書いてください。"
_NUMBER_EN = "Answer the calculation. Write the number asked for and nothing else."
_ENTITIES_JA = (
    "医学の文書について質問に答えてください。文書に書かれた表現をそのまま抜き出し、"
    "Pythonのリストの形（例: ['表現1', '表現2']）だけを書いてください。"
)
_ENTITIES_EN = (
    "Answer the question on the text. Copy the expressions as they are written, as a Python list "
    "(['one', 'two']) and nothing else."
)

_SYSTEM = {
    "choice": {"ja": _CHOICE_JA, "en": _CHOICE_EN},
    "choices": {"ja": _CHOICES_JA, "en": _CHOICES_EN},
    "number": {"ja": _NUMBER_JA, "en": _NUMBER_EN},
    "entities": {"ja": _ENTITIES_JA, "en": _ENTITIES_EN},
    "rating": {"ja": "", "en": ""},  # the question is put to the model as its user would put it
}


def ask(item: Item) -> tuple[str, str]:
    """System and user message of an item, in the language of its stem."""
    system = _SYSTEM[item.expected.kind][Question(text=item.question).language]
    lines = [item.context, item.question] if item.context else [item.question]
    pairs = zip(item.expected.labels, item.expected.texts, strict=False)
    return system, "\n".join([*lines, *(f"{label}. {text}" for label, text in pairs if text)])


def to_question(item: Item) -> Question:
    """The item as the service's strategies take it: the gold stays here."""
    pairs = zip(item.expected.labels, item.expected.texts, strict=False)
    choices = tuple(Choice(label=label, text=text) for label, text in pairs if text.strip())
    stem = f"{item.context}\n{item.question}" if item.context else item.question
    return Question(text=stem, choices=choices if len(choices) > 1 else ())

"""Structured forms of the answers: rows of named fields, asked for after the answer and shown as Japanese.

The answer itself stays free text with citations; the form sorts what it says, so that raters compare like
with like. A reply that does not keep to the form is counted as unparsed and never guessed at.
"""

import json
from dataclasses import dataclass
from typing import Any

from corpora import Frozen
from service.cases.protocol import FormName
from service.parsing import bare
from service.prompts import JsonSchema
from service.questions import Language

MAX_FIELD_CHARS = 600


@dataclass(frozen=True)
class Field:
    """One column: its JSON name, its Japanese and English label, and whether each row must have it."""

    name: str
    ja: str
    en: str
    required: bool = False

    def label(self, language: Language) -> str:
        """The label in that language."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True)
class Form:
    """A table. The first field heads each row; ``ranked`` rows are in order of likelihood or priority."""

    ja: str
    en: str
    fields: tuple[Field, ...]
    least: int
    most: int

    def title(self, language: Language) -> str:
        """The title in that language."""
        return self.ja if language == "ja" else self.en


class FilledForm(Frozen):
    """Rows as they were parsed: field name → text, ``None`` where the model left it empty."""

    form: FormName
    rows: tuple[dict[str, str | None], ...]


FORMS: dict[FormName, Form] = {
    "problems": Form(
        "問題リスト",
        "Problem list",
        (
            Field("problem", "問題", "problem", True),
            Field("findings", "根拠となる所見", "findings"),
            Field("urgency", "緊急性・時期", "urgency"),
        ),
        1,
        15,
    ),
    "differential": Form(
        "鑑別診断(可能性の高い順)",
        "Differential diagnosis, most likely first",
        (
            Field("diagnosis", "疾患", "diagnosis", True),
            Field("findings_for", "支持する所見", "findings for", True),
            Field("findings_against", "合わない所見", "findings against"),
        ),
        3,
        10,
    ),
    "examinations": Form(
        "追加の質問と診察",
        "Further questions and examinations",
        (
            Field("item", "質問・診察", "question or examination", True),
            Field("hypothesis", "確かめる仮説", "hypothesis it tests"),
        ),
        1,
        15,
    ),
    "tests": Form(
        "推奨する検査",
        "Recommended tests",
        (
            Field("test", "検査", "test", True),
            Field("purpose", "目的", "purpose", True),
            Field("expected", "予想される結果", "expected result"),
        ),
        1,
        15,
    ),
    "interpretation": Form(
        "検査結果の解釈",
        "Interpretation of the results",
        (
            Field("finding", "所見", "finding", True),
            Field("meaning", "解釈", "meaning", True),
            Field("importance", "重要度", "importance"),
        ),
        1,
        15,
    ),
    "diagnosis": Form(
        "診断",
        "Diagnosis",
        (
            Field("diagnosis", "診断", "diagnosis", True),
            Field("rationale", "根拠", "rationale", True),
            Field("certainty", "確からしさ", "certainty"),
        ),
        1,
        3,
    ),
    "treatment": Form(
        "治療計画",
        "Treatment plan",
        (
            Field("treatment", "薬剤・処置", "drug or measure", True),
            Field("dose", "用量・期間", "dose and duration"),
            Field("renal_adjustment", "腎機能による調整", "renal adjustment"),
            Field("contraindications", "禁忌・注意", "contraindications"),
            Field("purpose", "目的", "purpose"),
        ),
        1,
        15,
    ),
    "monitoring": Form(
        "経過観察の計画",
        "Monitoring",
        (
            Field("item", "項目", "item", True),
            Field("frequency", "時期・頻度", "frequency"),
            Field("threshold", "対応する基準", "threshold for action"),
        ),
        1,
        15,
    ),
    "contingency": Form(
        "改善しない・悪化した場合の対応",
        "If the patient does not improve or worsens",
        (
            Field("situation", "状況", "situation", True),
            Field("cause", "考える原因", "likely cause"),
            Field("response", "対応", "response", True),
        ),
        1,
        15,
    ),
}


def rows_schema(form: Form) -> JsonSchema:
    """JSON schema of ``{"rows": [...]}`` for that form."""
    text = {"type": "string", "minLength": 1, "maxLength": MAX_FIELD_CHARS}
    row = {
        "type": "object",
        "properties": {
            field.name: text if field.required else {"anyOf": [text, {"type": "null"}]}
            for field in form.fields
        },
        "required": [field.name for field in form.fields],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": row, "minItems": form.least, "maxItems": form.most}
        },
        "required": ["rows"],
        "additionalProperties": False,
    }


def parse_form(name: FormName, reply: str) -> FilledForm | None:
    """The rows, or ``None`` if the reply is anything but what `rows_schema` asks for."""
    form = FORMS[name]
    try:
        value = json.loads(bare(reply))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.keys() != {"rows"} or not isinstance(value["rows"], list):
        return None
    rows = [_row(form, row) for row in value["rows"]]
    kept = tuple(row for row in rows if row is not None)
    if len(kept) < len(rows) or not form.least <= len(kept) <= form.most:
        return None
    return FilledForm(form=name, rows=kept)


def _row(form: Form, row: Any) -> dict[str, str | None] | None:
    names = {field.name for field in form.fields}
    if not isinstance(row, dict) or not row.keys() <= names:
        return None
    filled: dict[str, str | None] = {}
    for field in form.fields:
        text = row.get(field.name)
        if text is not None and (not isinstance(text, str) or len(text) > MAX_FIELD_CHARS):
            return None
        text = text.strip() if text else None
        if field.required and not text:
            return None
        filled[field.name] = text or None
    return filled


def rendered(filled: FilledForm, language: Language = "ja") -> str:
    """The form as numbered lines that read as Japanese (or English); empty fields are left out."""
    form = FORMS[filled.form]
    head, *others = form.fields
    colon = "：" if language == "ja" else ": "
    lines = [f"【{form.title(language)}】" if language == "ja" else form.title(language)]
    for number, row in enumerate(filled.rows, start=1):
        lines.append(f"{number}. {row[head.name]}")
        lines += [
            f"   {field.label(language)}{colon}{row[field.name]}" for field in others if row.get(field.name)
        ]
    return "\n".join(lines)

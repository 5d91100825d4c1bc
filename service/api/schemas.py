"""What the API takes and gives beside the answer itself."""

from datetime import date
from typing import Annotated, Any, Self
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from corpora import Locator
from indexer import Filters, ListedDocument, Mode, StoredPassage
from service.budget import Budget
from service.notices import UNREVIEWED, Notice, superseded
from service.questions import (
    MAX_QUERY_CHARS,
    MAX_QUESTION_CHARS,
    Choices,
    QueryText,
    Question,
    QuestionText,
)
from service.strategies import StrategyName


def labelled(value: Any) -> Any:
    """``{"A": "…"}`` as the list it is short for."""
    if isinstance(value, dict):
        return [{"label": label, "text": text} for label, text in value.items()]
    return value


class QuestionRequest(BaseModel):
    """A question, and how to answer it. Unknown fields are refused: a misspelt one would do nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "CKD患者で高カリウム血症を認めたときの初期対応は？"},
                {
                    "question": "高カリウム血症の心電図でみられるのはどれか。",
                    "choices": {"A": "テント状T波", "B": "デルタ波"},
                    "strategy": "single",
                },
                {
                    "question": "SGLT2阻害薬の禁忌は？",
                    "filters": {"tags": ["腎臓"], "published_from": "2024-01-01", "unreviewed": False},
                },
            ]
        },
    )

    question: QuestionText = Field(description=f"1 to {MAX_QUESTION_CHARS} characters")
    choices: Annotated[Choices, BeforeValidator(labelled)] = Field(
        default=(), description='[{"label", "text"}], or short {"A": "…", "B": "…"}'
    )
    strategy: StrategyName | None = Field(default=None, description="The server's default where not given")
    k: StrictInt | None = Field(default=None, ge=1, le=20, description="Passages per query")
    max_steps: StrictInt | None = Field(default=None, ge=1, le=10)
    filters: Filters | None = Field(
        default=None, description="Only passages that pass; current editions alone where not given"
    )

    def budget(self, configured: Budget) -> Budget:
        """The configured limits with what the request asks for."""
        asked = {"k": self.k, "max_steps": self.max_steps}
        return configured.model_copy(
            update={name: value for name, value in asked.items() if value is not None}
        )

    def to_question(self) -> Question:
        """The cleaned question."""
        return Question(text=self.question, choices=self.choices)


class AnswerRequest(QuestionRequest):
    """A question to `POST /api/v1/answers`."""

    stream: StrictBool = Field(
        default=False, description="Server-sent events; so does Accept: text/event-stream"
    )
    resumable: StrictBool = Field(
        default=False,
        description="A stream that goes on for a while without its reader, who may come back to its "
        "`Location` with `Last-Event-ID`",
    )


_NO_FILTERS = Filters()


class SearchParameters(Filters):
    """The query string of a search; lists are given by repeating a name."""

    q: QueryText = Field(description=f"1 to {MAX_QUERY_CHARS} characters")
    k: int = Field(default=10, ge=1, le=100, description="How many hits")
    mode: Mode = Field(default="hybrid", description="All arms fused, or one alone")

    def filters(self) -> Filters:
        """What the hits must be."""
        if self.model_fields_set.isdisjoint(Filters.model_fields):
            return _NO_FILTERS
        return Filters.model_validate({name: getattr(self, name) for name in Filters.model_fields})


class PassageView(BaseModel):
    """A passage with what is shown beside it."""

    passage_id: str
    doc_id: str
    title: str
    headings: list[str]
    text: str
    start: int = Field(description="First character in the document's text")
    end: int = Field(description="One past the last")
    source: str | None
    licence: str | None
    edition: str | None
    published: date | None
    language: str | None
    tags: list[str]
    section_type: str | None
    locators: list[Locator] = Field(description="Pages and boxes of the source file, by characters")
    superseded_by: list[str] = Field(description="Current documents that replace this one; empty if current")
    generation: str | None
    notices: list[Notice]

    @classmethod
    def of(cls, stored: StoredPassage, generation: str | None) -> Self:
        """The stored passage as it is shown."""
        passage = stored.passage
        return cls(
            passage_id=passage.passage_id,
            doc_id=passage.doc_id,
            title=stored.title,
            headings=list(passage.headings),
            text=passage.text,
            start=passage.start,
            end=passage.end,
            source=stored.source,
            licence=stored.licence,
            edition=stored.edition,
            published=stored.published,
            language=stored.language,
            tags=list(stored.tags),
            section_type=passage.section_type,
            locators=list(passage.locators),
            superseded_by=list(stored.superseded_by),
            generation=generation,
            notices=[
                *([UNREVIEWED] if stored.unreviewed else []),
                *([superseded(stored.superseded_by)] if stored.superseded_by else []),
            ],
        )


class DocumentView(BaseModel):
    """What a document says of itself, and what stands in its place."""

    doc_id: str
    title: str
    source: str | None
    licence: str | None
    edition: str | None
    published: date | None
    language: str | None
    tags: list[str]
    unreviewed: bool = Field(description="It says itself that no clinician reviewed it")
    supersedes: list[str]
    superseded_by: list[str] = Field(description="Current documents that replace this one; empty if current")
    passages: int = Field(description="How many it was cut into")
    href: str

    @classmethod
    def of(cls, listed: ListedDocument) -> Self:
        """The listed document as it is shown."""
        document = listed.document
        return cls(
            doc_id=document.doc_id,
            title=document.title,
            source=document.source,
            licence=document.licence,
            edition=document.edition,
            published=document.published,
            language=document.language,
            tags=list(document.tags),
            unreviewed=document.unreviewed,
            supersedes=list(document.supersedes),
            superseded_by=list(listed.superseded_by),
            passages=listed.passages,
            href=f"/api/v1/documents/{quote(document.doc_id, safe='')}",
        )


class FoundPassage(BaseModel):
    """One search hit."""

    rank: int
    score: float = Field(description="Comparable within one search only")
    ranks: dict[str, int | None] = Field(
        description="Its rank in each arm that searched, from 1; null where that arm did not find it"
    )
    matched_terms: list[str]
    href: str
    passage: PassageView


class SearchResponse(BaseModel):
    """Hits, best first; equal scores in passage-id order."""

    query: str
    mode: Mode
    generation: str | None
    degraded: bool = Field(description="An older generation serves in place of one that cannot be opened")
    expansions: list[str] = Field(description="“Searched also”: synonyms the query was widened by")
    hits: list[FoundPassage]

"""What an answer is made of: steps with their evidence, claims, citations and where it came from."""

from datetime import date
from typing import Literal, Self

from pydantic import Field

from corpora import Frozen
from indexer import Filters, StoredPassage
from service.notices import Notice

ClaimStatus = Literal["verified", "unverified", "contradicted"]


class Evidence(Frozen):
    """A passage shown to the model, as one step found it.

    Attributes:
        key: What it is cited by, ``E1``, ``E2`` …; one passage keeps its key in all steps of an answer.
        headings: The document's title, then the headings down to the passage.
        step: Number of the step whose query found it, from 1.
        score: The index's fused score; comparable within one query only.
        generation: The index generation it was read from.
        superseded_by: The documents that stand in its document's place now; empty where it is current.
    """

    key: str
    passage_id: str
    doc_id: str
    title: str
    headings: tuple[str, ...]
    text: str
    source: str | None
    edition: str | None
    published: date | None
    unreviewed: bool
    superseded_by: tuple[str, ...] = ()
    query: str
    step: int
    score: float
    generation: str | None

    @classmethod
    def of(
        cls, stored: StoredPassage, *, key: str, query: str, step: int, score: float, generation: str | None
    ) -> Self:
        """The stored passage as evidence of one step."""
        passage = stored.passage
        return cls(
            key=key,
            passage_id=passage.passage_id,
            doc_id=passage.doc_id,
            title=stored.title,
            headings=passage.headings,
            text=passage.text,
            source=stored.source,
            edition=stored.edition,
            published=stored.published,
            unreviewed=stored.unreviewed,
            superseded_by=stored.superseded_by,
            query=query,
            step=step,
            score=score,
            generation=generation,
        )


class StepError(Frozen):
    """What stopped a step: the service error's code and its two texts."""

    code: str
    ja: str
    en: str


class PlannedStep(Frozen):
    """One thing to look up: the sub-question, and the query that is searched for it.

    Attributes:
        depends_on: Numbers of the steps whose conclusions it needs, all lower than its own; its query is
            written anew once they are known. Steps that need none run together.
    """

    number: int = Field(ge=1)
    sub_question: str
    query: str
    depends_on: tuple[int, ...] = ()


class Step(Frozen):
    """One reasoning step: either a ``conclusion`` that cites its evidence, or the ``error`` that stopped it.

    Both are ``None`` while it runs, and for the one step of the ``single`` strategy, which draws its
    conclusion in the answer.

    Attributes:
        round: Steps of one round ran together; rounds follow each other, counted from 1.
        query: What was searched for; of a step that depends on others, as it was written after them.
        searched_also: Synonyms that the query was widened by.
        gated: Found, and not used: the relevance gate kept it from the model.
        sufficient: Its conclusion, so it said itself, answers the whole question.
    """

    number: int = Field(ge=1)
    sub_question: str
    query: str
    depends_on: tuple[int, ...] = ()
    round: int = Field(default=1, ge=1)
    searched_also: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    gated: tuple[Evidence, ...] = ()
    sufficient: bool = False
    conclusion: str | None = None
    error: StepError | None = None


class Mismatch(Frozen):
    """One thing in which a claim and the span it cites differ.

    Attributes:
        aspect: What was compared: ``numbers``, ``units``, ``negation`` … (`service.checking.ASPECTS`).
        claim, passage: What each says; empty where it says nothing of the kind.
        contradicts: The passage says something else, rather than nothing.
    """

    aspect: str
    claim: str
    passage: str
    contradicts: bool


class Claim(Frozen):
    """One sentence of the answer: ``answer.text[start:end] == text``, markers included.

    Attributes:
        citations: Evidence keys, in the order written.
        status: ``verified`` if one citation is, else ``contradicted`` if one is.
        mismatches: Why it is not verified, by the citation that says most of it; empty without a citation.
    """

    text: str
    start: int
    end: int
    citations: tuple[str, ...]
    status: ClaimStatus
    mismatches: tuple[Mismatch, ...] = ()


class Citation(Frozen):
    """One use of a passage, in a step's conclusion or in the answer.

    Attributes:
        href: Where the passage can be read, relative to the server; the id in it is percent-encoded.
        quote: The sentences of the passage that say most of what the citing sentence says,
            ``passage.text[start:end]``; ``None`` (and no offsets) where none says enough of it.
        status: How the citing sentence compares with the quote.
        compared: What was compared: ``("wording",)`` where the quote is the sentence letter by letter, else
            all of `service.checking.ASPECTS`; empty without a quote.
        mismatches: In what they differ.
        steps: The steps whose conclusions cite it; empty if only the answer does.
    """

    key: str
    passage_id: str
    doc_id: str
    title: str
    href: str
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    status: ClaimStatus = "unverified"
    compared: tuple[str, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    steps: tuple[int, ...] = ()


ReplyPart = Literal["plan", "query", "queries", "relevance", "choice", "rewrite"]


class SecondOpinion(Frozen):
    """What a model thinks of one citation; kept beside the claims' statuses, which never rest on it.

    Attributes:
        claim_start: The claim's ``start`` in the answer's text.
        verdict: ``None`` where the reply was not the JSON asked for; then ``unparsed`` is the reply.
    """

    claim_start: int
    key: str
    verdict: Literal["supports", "contradicts", "neither"] | None
    model: str
    unparsed: str | None = None


class Unparsed(Frozen):
    """A reply that was asked for in a fixed form and did not keep to it; kept, never guessed at."""

    part: ReplyPart
    text: str


class Usage(Frozen):
    """Tokens over all calls of one answer; ``None`` where the model does not count them."""

    calls: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Provenance(Frozen):
    """What made the answer: enough to ask for it again.

    Attributes:
        filters: What the passages had to be; ``None`` where the request asked for nothing special.
    """

    strategy: str
    generation: str | None
    model: str
    prompt_version: str
    filters: Filters | None = None


class Answer(Frozen):
    """The result of one question.

    Attributes:
        text: With ``[E1]`` markers; every key in it is one of the steps' evidence.
        choice: One of the question's labels; ``None`` for an open question and for no answer.
        abstained: No answer is given; ``reason`` says why.
        citations: All of the steps' and the answer's, keys in number order.
        opinions: A model's second opinions of the citations, where they were asked for.
        verified_share: Share of the claims that are ``verified``, 0 to 1; ``None`` without claims.
    """

    text: str
    choice: str | None = None
    abstained: bool = False
    reason: Notice | None = None
    steps: tuple[Step, ...] = ()
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    verified_share: float | None = None
    opinions: tuple[SecondOpinion, ...] = ()
    notices: tuple[Notice, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()
    usage: Usage = Usage()
    provenance: Provenance

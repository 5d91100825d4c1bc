"""An answer as one text: for clients that show a message and nothing beside it.

Evidence keys become numbers in the order of their first mention, and a list at the end says what each number
is. A safety notice stands on top, whatever else is said about the answer below it. A stream's pieces joined
are the same text, character by character.
"""

from urllib.parse import urljoin

from service.answers import Answer, Evidence
from service.claims import passage_href
from service.markers import MARKER, without_markers
from service.notices import Notice, emergencies
from service.questions import Language, Question
from service.wording import STATUS_LABELS

_TITLES: dict[Language, dict[str, str]] = {
    "ja": {"references": "根拠", "found": "見つかった資料", "notices": "注意", "sentences": "文"},
    "en": {
        "references": "Evidence",
        "found": "Found",
        "notices": "Please note",
        "sentences": "sentences",
    },
}


class Renderer:
    """Writes one answer's text. Feed the pieces, then ask for the end; or `whole` at once.

    Args:
        base_url: What the addresses of passages are relative to.
    """

    def __init__(self, question: Question, base_url: str) -> None:
        self._question = question
        self._base_url = base_url
        self._language = question.language
        self._urgent = emergencies(question.text, exam=bool(question.choices))
        self.numbers: dict[str, int] = {}
        self.fed = ""

    def opening(self) -> str:
        """What stands on top; empty for most questions."""
        return "".join(f"⚠ {_said(notice, self._language)}\n\n" for notice in self._urgent)

    def piece(self, text: str) -> str:
        """A piece of the answer's text; markers in it are whole (`service.markers.MarkerFilter`)."""
        self.fed += text
        return MARKER.sub(lambda match: f"[{self.numbers.setdefault(match[1], len(self.numbers) + 1)}]", text)

    def end(self, answer: Answer) -> str:
        """What follows the text: references, how far they were compared, notices."""
        parts = [self._withheld(answer), self._references(answer), self._compared(answer)]
        return "".join(f"\n\n{part}" for part in [*parts, self._notices(answer)] if part)

    def whole(self, answer: Answer) -> str:
        """The text at once."""
        return self.opening() + self.piece(answer.text) + self.end(answer)

    def _withheld(self, answer: Answer) -> str:
        """The fixed text of an answer that is withheld and does not say so itself."""
        if answer.reason is None or answer.text.strip():
            return ""
        return _said(answer.reason, self._language)

    def _references(self, answer: Answer) -> str:
        evidence = {found.key: found for step in answer.steps for found in step.evidence}
        title = "references"
        if not answer.text.strip():  # the model failed: what was found is all there is
            title = "found"
            for key in evidence:
                self.numbers.setdefault(key, len(self.numbers) + 1)
        if not self.numbers:
            return ""
        lines = [
            f"[{number}] {self._place(evidence[key])}"
            for key, number in self.numbers.items()
            if key in evidence
        ]
        return "\n".join([f"{_TITLES[self._language][title]}:", *lines])

    def _place(self, found: Evidence) -> str:
        place = " ".join((" > ".join(found.headings) or found.title).split())
        edition = f" ({' '.join(found.edition.split())})" if found.edition else ""
        return f"{place}{edition} {urljoin(self._base_url, passage_href(found.passage_id))}"

    def _compared(self, answer: Answer) -> str:
        if not answer.claims:
            return ""
        which = 0 if self._language == "ja" else 1
        words = _TITLES[self._language]
        verified = sum(claim.status == "verified" for claim in answer.claims)
        label = STATUS_LABELS["verified"][which]
        lines = [f"{label}: {verified}/{len(answer.claims)} {words['sentences']}"]
        lines += [
            f"{STATUS_LABELS['contradicted'][which]}: {without_markers(claim.text)}"
            for claim in answer.claims
            if claim.status == "contradicted"
        ]
        return "\n".join(lines)

    def _notices(self, answer: Answer) -> str:
        on_top = {notice.code for notice in self._urgent}
        said = [_said(notice, self._language) for notice in answer.notices if notice.code not in on_top]
        return (
            "\n".join([f"{_TITLES[self._language]['notices']}:", *(f"- {text}" for text in said)])
            if said
            else ""
        )


def _said(notice: Notice, language: Language) -> str:
    return notice.ja if language == "ja" else notice.en

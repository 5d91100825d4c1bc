"""Compare one claim with one span of a passage: what agrees, what does not, and what that comes to."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.checking.content import coverage, levelled_words, runs, unknown, vocabulary
from service.checking.drugs import drugs, with_one_name
from service.checking.negation import Clause, clauses, denied, opposites
from service.checking.populations import dropped, unnamed
from service.checking.quantities import Quantity, quantities, signs
from service.checking.units import same_amount
from service.checking.width import level

Aspect = Literal[
    "wording", "numbers", "units", "comparators", "negation", "drugs", "populations", "conditions"
]
ASPECTS: tuple[Aspect, ...] = (
    "wording",
    "numbers",
    "units",
    "comparators",
    "negation",
    "drugs",
    "populations",
    "conditions",
)
Verdict = Literal["verified", "unverified", "contradicted"]

ALIKE = 0.5
"""Share of the pairs of characters of a Japanese claim that span and headings must hold. Its verb may be
written in hiragana, which no content word shows: 「AとBはうまくいった」 is not 「AとBが駆けつけた」."""
TOPICAL = 0.7
"""Share of the claim's words a span must hold before a difference is called a contradiction."""


@dataclass(frozen=True)
class Difference:
    """One thing in which claim and passage differ.

    Attributes:
        claim, passage: What each says; empty where it says nothing.
        contradicts: The passage says something else, rather than nothing.
    """

    aspect: Aspect
    claim: str
    passage: str
    contradicts: bool


@dataclass(frozen=True)
class Comparison:
    """The outcome for one span; ``coverage`` is the share of the claim's words that it holds."""

    verdict: Verdict
    coverage: float
    differences: tuple[Difference, ...]


def compare(claim: str, span: str, headings: Sequence[str] = ()) -> Comparison:
    """Compare a claim, without markers, with a span of the shown text of a passage.

    Args:
        headings: What the span stands under; it may name the drug, the disease or the population.
    """
    ours, theirs = with_one_name(level(claim)), with_one_name(level(span))
    above = with_one_name(level("。".join(headings)))
    our_figures, their_figures = quantities(ours), quantities(theirs)
    our_words, their_words = _blanked(ours, our_figures), _blanked(theirs, their_figures)
    known = vocabulary((their_words, above))
    covered = coverage(our_words, known)
    differences = [
        *_figures(ours, our_figures, theirs, their_figures),
        *_signs(our_words, their_words),
        *_negation(our_words, their_words, known),
        *_drugs(ours, theirs, above),
        *(
            Difference("populations", group, "", contradicts=False)
            for group in sorted(unnamed(ours, f"{theirs}。{above}"))
        ),
        *(
            Difference("populations", "", group, contradicts=False)
            for group in sorted(dropped(ours, theirs, above))
        ),
        *(Difference("wording", word, "", contradicts=False) for word in unknown(our_words, known)),
        *_names(our_words, their_words),
        *_conditions(our_words, their_words),
    ]
    said = _side(our_words)
    alike = len(said & (_side(their_words) | _side(above))) / len(said) if said else 0.0
    if (not runs(our_words) and not our_figures) or (_JAPANESE.search(ours) and alike < ALIKE):
        differences.append(Difference("wording", ours, "", contradicts=False))
    if not differences:
        return Comparison("verified", covered, ())
    contradicted = covered >= TOPICAL and any(found.contradicts for found in differences)
    return Comparison("contradicted" if contradicted else "unverified", covered, tuple(differences))


def _blanked(text: str, figures: Sequence[Quantity]) -> str:
    for figure in reversed(figures):
        text = f"{text[: figure.start]} {text[figure.end :]}"
    return text


def _figures(
    ours: str, our_figures: Sequence[Quantity], theirs: str, their_figures: Sequence[Quantity]
) -> list[Difference]:
    """Each figure of the claim must be one of the span's: number, unit, comparator, and what it measures."""
    differences: list[Difference] = []
    free = list(their_figures)
    for figure in our_figures:
        same = [other for other in free if (other.value, other.unit) == (figure.value, figure.unit)]
        if same:
            best = max(
                same,
                key=lambda other: (other.bounds == figure.bounds, _nearness(ours, figure, theirs, other)),
            )
            found = _bound(ours, figure, theirs, best, their_figures)
            free.remove(best)
        else:
            found = _other_figure(ours, figure, theirs, their_figures)
        if found:
            differences.append(found)
    return differences


def _bound(
    ours: str, figure: Quantity, theirs: str, best: Quantity, their_figures: Sequence[Quantity]
) -> Difference | None:
    if best.bounds != figure.bounds:
        clash = bool((figure.bounds - {"≈"}) and (best.bounds - {"≈"})) and figure.bounds != best.bounds
        return Difference("comparators", _shown(figure), _shown(best), contradicts=clash)
    nearness = _nearness(ours, figure, theirs, best)
    for rival in their_figures:
        aspect: Aspect = "numbers" if rival.unit == figure.unit else "units"
        alike = (rival.unit == figure.unit) != (rival.value == figure.value)
        if alike and _nearness(ours, figure, theirs, rival) > nearness + 0.15:
            return Difference(aspect, _shown(figure), _shown(rival), contradicts=True)
    label, their_label = _label(ours, figure), _label(theirs, best)
    if their_label and re.fullmatch(r"[A-Za-z0-9%]{1,2}", their_label) and their_label not in ours:
        return Difference("wording", label, their_label, contradicts=False)
    return None


def _other_figure(ours: str, figure: Quantity, theirs: str, their_figures: Sequence[Quantity]) -> Difference:
    for other in their_figures:
        if same_amount(figure.value, figure.unit, other.value, other.unit):
            return Difference("units", figure.text, other.text, contradicts=False)
    near = sorted(their_figures, key=lambda other: -_nearness(ours, figure, theirs, other))
    for other in near:
        if other.value == figure.value:
            return Difference("units", figure.text, other.text, contradicts=True)
    for other in near:
        if other.unit == figure.unit:
            return Difference("numbers", _shown(figure), _shown(other), contradicts=True)
    return Difference("numbers", _shown(figure), "", contradicts=False)


def _signs(ours: str, theirs: str) -> list[Difference]:
    """Comparators count without a figure beside them, too: 「中年以降」, 「前年を上回る」."""
    mine, its = signs(ours), signs(theirs)
    extra, left = mine - its, its - mine
    return [
        Difference("comparators", sign, next(iter(left), ""), contradicts=bool(left))
        for sign in sorted(extra)
    ]


def _shown(figure: Quantity) -> str:
    return f"{''.join(sorted(figure.bounds))}{figure.text}"


_LABEL = re.compile(r"([一-龥々ァ-ヴー]+|[A-Za-z%][A-Za-z0-9%-]*)[^一-龥々ァ-ヴーA-Za-z0-9%]{0,4}$")


_JAPANESE = re.compile(r"[ぁ-んァ-ヴ]")
_DIGITS = re.compile(r"[0-9₀-₉⁰-⁹]+")


def _names(ours: str, theirs: str) -> list[Difference]:
    """A name with a number in it (CD4, A320) stands in the span if that has one like it (CD8, A310)."""
    mine, its = (
        Counter(run for run in runs(text) if not run.isdigit() and _DIGITS.search(run))
        for text in (ours, theirs)
    )
    left = sorted(its - mine)
    return [
        Difference("numbers", name, other, contradicts=True)
        for name in sorted(mine - its)
        for other in [next((each for each in left if _DIGITS.sub("#", each) == _DIGITS.sub("#", name)), "")]
        if other
    ]


def _label(text: str, figure: Quantity) -> str:
    """The word right before a figure: what it most likely is a figure of."""
    match = _LABEL.search(text, max(0, figure.start - 20), figure.start)
    return match[1] if match else ""


def _nearness(ours: str, figure: Quantity, theirs: str, other: Quantity) -> float:
    """How alike the surroundings of two figures are, 0 to 3: pairs of characters, and the label."""
    before = _likeness(
        _side(ours[max(0, figure.start - 14) : figure.start]),
        _side(theirs[max(0, other.start - 14) : other.start]),
    )
    after = _likeness(_side(ours[figure.end : figure.end + 10]), _side(theirs[other.end : other.end + 10]))
    label, their_label = _label(ours, figure), _label(theirs, other)
    return before + after + (label != "" and label == their_label)


def _side(text: str) -> set[str]:
    bare = levelled_words(re.sub(r"[0-9.,]+", "#", re.sub(r"[、。 ]+", "", text)))
    return {bare[at : at + 2] for at in range(len(bare) - 1)}


def _likeness(ours: set[str], theirs: set[str]) -> float:
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours and theirs else 0.0


def _negation(ours: str, theirs: str, known: frozenset[str]) -> list[Difference]:
    """Each clause of the claim must deny what the likeliest clause of the span denies, and as often."""
    differences: list[Difference] = []
    pair = opposites(ours, theirs)
    if pair:
        differences.append(Difference("negation", pair[0], pair[1], contradicts=True))
    their_clauses = clauses(theirs)
    if not their_clauses:
        return differences
    for clause in clauses(ours):
        if not runs(clause.text) and not clause.cues:
            continue
        ranked = sorted(their_clauses, key=lambda other: -_alike(clause, other))
        best = ranked[0]
        rivals = [other for other in ranked if _alike(clause, other) > _alike(clause, best) - 0.05]
        if clause.negative != best.negative:
            clear = all(other.negative != clause.negative for other in rivals)
            differences.append(Difference("negation", _denial(clause), _denial(best), contradicts=clear))
        elif (
            len(clause.cues) != len(best.cues)
            or any(other.negative != clause.negative for other in rivals)
            or not _same_denied(clause, best)
        ):
            differences.append(Difference("negation", _denial(clause), _denial(best), contradicts=False))
    return differences


def _same_denied(clause: Clause, other: Clause) -> bool:
    """Whether what each ない of the claim denies is denied in the span; 禁忌 and 避ける deny all of it."""
    mine, its = denied(levelled_words(clause.text)), denied(levelled_words(other.text))
    whole = len(its) < len(other.cues) or len(mine) < len(clause.cues)
    return whole or all(any(set(word) & set(head) for head in its) for word in mine if word)


def _alike(clause: Clause, other: Clause) -> float:
    """Overlap of two clauses' words, the claim's counting most."""
    return coverage(clause.text, vocabulary((other.text,))) + 0.3 * coverage(
        other.text, vocabulary((clause.text,))
    )


def _denial(clause: Clause) -> str:
    return clause.cues[-1] if clause.cues else clause.text[-12:]


def _drugs(ours: str, theirs: str, above: str) -> list[Difference]:
    named, have = drugs(ours), drugs(theirs)
    missing = named - have - drugs(above)
    instead = have - named or (drugs(above) if not have and not named & drugs(above) else frozenset())
    differences = [
        Difference("drugs", drug, "、".join(sorted(instead)), contradicts=bool(instead))
        for drug in sorted(missing)
    ]
    for drug in sorted(named & have):
        mine, its = _polarity(ours, drug), _polarity(theirs, drug)
        if mine and its and not mine & its:
            differences.append(Difference("negation", drug, drug, contradicts=True))
    return differences


def _polarity(text: str, drug: str) -> frozenset[bool]:
    return frozenset(clause.negative for clause in clauses(text) if drug in drugs(clause.text))


_CONDITION = re.compile(
    r"(?P<if>[^、。,;]{2,40}?)(?:場合|とき|時に|時は|際|あれば|なければ|[いれけせてねべめ]ば|なら(?:ば)?(?=[、一-龥ァ-ヴ])|に限り|を除き|以外|では(?!な)|には)"
    r"|\b(?P<en>(?:if|unless|when|only|except|until|in patients with|in those with)\b[^,.;]{2,60})",
    re.I,
)


def _conditions(ours: str, theirs: str) -> list[Difference]:
    """A condition of the clause that the claim repeats must not be left out."""
    differences: list[Difference] = []
    mine = vocabulary((ours,))
    for clause in clauses(theirs):
        if coverage(clause.text, mine) < 0.3:
            continue
        for match in _CONDITION.finditer(clause.text):
            condition = match["if"] or match["en"]
            if runs(condition) and coverage(condition, mine) < 0.5:
                differences.append(Difference("conditions", "", condition.strip(), contradicts=False))
    return differences

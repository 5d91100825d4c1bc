# ruff: noqa: E501  (a line of a table is a line)
"""For whom a sentence holds: a dose for adults is no dose for children."""

import re

_GROUPS: dict[str, str] = {
    "children": r"小児|乳児|乳幼児|幼児|学童|児童|こども|子ども|子供|未成年|思春期|(?<![a-z])(?:child(?:ren)?|infants?|paediatric|pediatric|adolescents?)(?![a-z])",
    "infants": r"乳児|乳幼児|(?<![a-z])infants?(?![a-z])",
    "newborns": r"新生児|早産児|低出生体重児|(?<![a-z])(?:neonat(?:e|es|al)|newborns?|preterm)(?![a-z])",
    "adults": r"(?<!未)成人|(?<![a-z])adults?(?![a-z])",
    "elderly": r"高齢|老年|(?<![a-z])(?:elderly|older (?:adults|patients|people)|geriatric)(?![a-z])",
    "pregnant": r"妊婦|妊娠|妊産婦|(?<![a-z])(?:pregnan(?:t|cy)|gestational)(?![a-z])",
    "nursing": r"授乳|(?<![a-z])(?:breast-?feeding|lactati(?:on|ng)|nursing mothers?)(?![a-z])",
    "men": r"男性|男児|(?<![a-z])(?:men|males?)(?![a-z])",
    "women": r"女性|女児|(?<![a-z])(?:women|females?)(?![a-z])",
    "dialysis": r"透析|(?<![a-z])(?:ha?emodialysis|dialysis)(?![a-z])",
    "renal": r"腎機能(?:障害|低下)|腎障害|腎不全|慢性腎臓病|(?<![a-z])(?:renal (?:impairment|failure|insufficiency)|CKD)(?![a-z])",
    "hepatic": r"肝機能(?:障害|低下)|肝障害|肝不全|肝硬変|(?<![a-z])(?:hepatic (?:impairment|failure)|cirrhosis)(?![a-z])",
    "diabetic": r"糖尿病(?!性)|(?<![a-z])diabet(?:es|ic)(?![a-z])",
    "transplant": r"移植後|移植患者|(?<![a-z])transplant recipients?(?![a-z])",
    "immunosuppressed": r"免疫不全|免疫抑制状態|(?<![a-z])immunocompromised(?![a-z])",
    "healthy": r"健常|健康な|(?<![a-z])healthy(?![a-z])",
}
_PATTERNS = {group: re.compile(pattern, re.I) for group, pattern in _GROUPS.items()}
_IMPLIED = {"pregnant": "women"}


def populations(text: str) -> frozenset[str]:
    """The groups of people that levelled text names."""
    return frozenset(group for group, pattern in _PATTERNS.items() if pattern.search(text))


def unnamed(claim: str, passage: str) -> frozenset[str]:
    """Groups the claim speaks of and the passage does not."""
    have = populations(passage)
    have |= {_IMPLIED[group] for group in have if group in _IMPLIED}
    return populations(claim) - have


def dropped(claim: str, span: str, headings: str) -> frozenset[str]:
    """Groups to which the span restricts itself, and which neither the claim nor the headings name."""
    return populations(span) - populations(claim) - populations(headings) - {"diabetic"}

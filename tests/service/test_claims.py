"""Claims and citations: what counts as a match with a cited passage, and what does not."""

import pytest

from service.answers import Step
from service.claims import all_citations, check, find_sentence, passage_href
from service.wording import STATUS_LABELS
from tests.service.samples import evidence

TEXT = "心電図変化があればグルコン酸カルシウムを静注する。\n"
TEXT += "腎障害では造影剤を投与するべきではない。血清K 6.5 mEq/L以上は緊急である。"


EVIDENCE = {"E1": evidence("E1", TEXT), "E2": evidence("E2", "利尿薬を用いる。", number=2)}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("心電図変化があればグルコン酸カルシウムを静注する。[E1]", "verified"),
        ("心電図変化があればグルコン酸カルシウムを静注する[E1]。", "verified"),
        ("心電図変化があればグルコン酸カルシウムを静注する[E1]", "verified"),
        ("腎障害では造影剤を投与するべきではない。血清K 6.5 mEq/L以上は緊急である。[E1]", "verified"),
        ("血清K\u3000 6.5  mEq/L以上は緊急である。[E1]", "verified"),
        ("血清か\u3099 6.5 mEq/L以上は緊急である。[E1]", "unverified"),
        # A part of a sentence can say the opposite of the whole.
        ("腎障害では造影剤を投与する[E1]", "contradicted"),
        ("造影剤を投与するべきではない。[E1]", "unverified"),
        # Other figures, units and negation.
        ("血清K 5.5 mEq/L以上は緊急である。[E1]", "contradicted"),
        ("血清K 6.5 mg/L以上は緊急である。[E1]", "contradicted"),
        ("血清K 6.5 mEq/L以上は緊急でない。[E1]", "contradicted"),
        ("血清K 6.5 mEq/L未満は緊急である。[E1]", "contradicted"),
        # Other words for the same, and other widths.
        ("血清Kが6.5 mEq/L以上であれば緊急である。[E1]", "verified"),
        ("血清Ｋ ６.５ mEq/L以上は緊急である。[E1]", "verified"),
        # The right words under the wrong key, or under none.
        ("心電図変化があればグルコン酸カルシウムを静注する。[E2]", "unverified"),
        ("心電図変化があればグルコン酸カルシウムを静注する。", "unverified"),
    ],
)
def test_a_claim_is_confirmed_only_by_what_the_passage_it_cites_says(text: str, status: str) -> None:
    claims, _ = check(text, EVIDENCE)
    assert claims[-1].status == status


def test_a_marker_after_the_full_stop_belongs_to_the_sentence_before_it() -> None:
    text = "甲である。[E1] 乙である。[E2]\n- 丙である[E1]。\n[E2]"
    claims, _ = check(text, EVIDENCE)
    assert [(claim.text, claim.citations) for claim in claims] == [
        ("甲である。[E1]", ("E1",)),
        ("乙である。[E2]", ("E2",)),
        ("丙である[E1]。\n[E2]", ("E1", "E2")),
    ]
    assert all(text[claim.start : claim.end] == claim.text for claim in claims)


def test_headings_are_no_claims() -> None:
    claims, _ = check("## 治療\n利尿薬を用いる。[E2]", EVIDENCE)
    assert [claim.text for claim in claims] == ["利尿薬を用いる。[E2]"]


def test_a_quote_is_a_span_of_the_passage() -> None:
    _, citations = check("血清K 6.5 mEq/L以上は緊急である。[E1]", EVIDENCE)
    (citation,) = citations
    assert citation.quote == "血清K 6.5 mEq/L以上は緊急である。" == TEXT[citation.start : citation.end]
    assert citation.compared == ("wording",)


def test_decomposed_characters_of_a_model_still_match() -> None:
    assert find_sentence("カ\u3099スを測る。", "ガスを測る。") is not None


def test_citations_of_steps_and_answer_are_listed_once_each() -> None:
    quoted = "利尿薬を用いる。[E2]"
    steps = [
        Step(number=1, sub_question="問", query="語", conclusion="要約である。[E1][E2]"),
        Step(number=2, sub_question="問", query="語", conclusion=quoted),
    ]
    _, cited = check(quoted, EVIDENCE)
    found = all_citations(cited, steps, EVIDENCE)
    assert [(item.key, item.quote, item.steps) for item in found] == [
        ("E1", None, (1,)),
        ("E2", "利尿薬を用いる。", (2,)),
    ]


def test_a_passage_address_is_percent_encoded() -> None:
    assert passage_href("pmid:1/二#3") == "/api/v1/passages/pmid%3A1%2F%E4%BA%8C%233"


def test_no_label_claims_truth() -> None:
    assert STATUS_LABELS["verified"][0] == "引用・数値の一致を確認"
    assert "検証済み" not in str(STATUS_LABELS)

# ruff: noqa: E501  (a line of a table is a line)
"""One claim against one span: what counts as agreement, and what each difference is called."""

import pytest

from service.checking import Aspect, best_support, compare
from service.checking.drugs import drugs
from service.checking.negation import clauses, cues, opposites
from service.checking.populations import populations
from service.checking.width import level


@pytest.mark.parametrize(
    ("text", "negative"),
    [
        ("造影剤を投与する", False),
        ("造影剤を投与しない", True),
        ("造影剤を投与せず", True),
        ("造影剤の投与を避ける", True),
        ("造影剤は禁忌である", True),
        ("造影剤は禁忌ではない", False),
        ("造影剤は推奨されない", True),
        ("造影剤を避ける必要はない", False),
        ("造影剤が効かないわけではない", False),
        ("造影剤を投与しなければならない", False),
        ("造影剤だけでなく利尿薬も用いる", False),
        ("必ず輸液を行う", False),
        ("少なくとも3回測る", False),
        ("輸液は不要である", True),
        ("発熱がなく", True),
        ("腎障害の例を除く", True),
        ("Do not give contrast", True),
        ("It is contraindicated", True),
        ("It is not contraindicated", False),
        ("not only contrast but also diuretics", False),
        ("can't be given", True),
    ],
)
def test_a_denial_is_read_and_an_even_number_cancels_out(text: str, negative: bool) -> None:
    assert (len(cues(level(text))) % 2 == 1) == negative


def test_a_topic_goes_with_the_clause_it_opens() -> None:
    found = clauses("腎障害では、造影剤を投与せず、輸液、酸素を用いる。")
    assert [clause.text for clause in found] == ["腎障害では、造影剤を投与せず、", "輸液、酸素を用いる。"]


def test_a_word_and_its_opposite_are_told_apart() -> None:
    assert opposites("血圧が上昇する", "血圧が低下する") == ("上昇", "低下")
    assert opposites("血圧が上昇する", "血圧が上昇し、脈拍が低下する") is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ワーファリンを内服する", {"ワルファリン"}),
        ("warfarin and paracetamol", {"ワルファリン", "アセトアミノフェン"}),
        ("メチルジゴキシン錠", {"メチルジゴキシン"}),
        ("ノルアドレナリンを用いる", {"ノルアドレナリン"}),
        ("ペムブロリズマブとオシメルチニブ", {"ペムブロリズマブ", "オシメルチニブ"}),
        ("ツロブテロールを貼付する", {"ツロブテロール"}),
        ("perindopril", {"perindopril"}),
        ("ヘモグロビンとアルブミン", set()),
        ("カテーテルを留置する", set()),
    ],
)
def test_drugs_are_known_by_their_names_and_endings(text: str, names: set[str]) -> None:
    assert drugs(level(text)) == names


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("小児には", {"children"}),
        ("成人と高齢者", {"adults", "elderly"}),
        ("未成年者", {"children"}),
        ("妊婦", {"pregnant"}),
        ("透析患者", {"dialysis"}),
        ("腎機能低下例", {"renal"}),
        ("in pregnant women", {"pregnant", "women"}),
        ("treatment of men", {"men"}),
        ("発熱した患者", set()),
    ],
)
def test_populations_are_named(text: str, groups: set[str]) -> None:
    assert populations(text) == groups


SPAN = (
    "成人の肺炎ではアモキシシリン1回500 mgを1日3回、5〜7日間経口投与し、妊婦にはミノサイクリンを投与しない。"
)
DIFFERENT: list[tuple[str, Aspect, bool]] = [
    ("成人の肺炎ではアモキシシリン1回250 mgを1日3回、5〜7日間経口投与する。", "numbers", True),
    ("成人の肺炎ではアモキシシリン1回500 gを1日3回、5〜7日間経口投与する。", "units", True),
    ("成人の肺炎ではアモキシシリン1回0.5 gを1日3回、5〜7日間経口投与する。", "units", False),
    ("成人の肺炎ではアモキシシリン1回500 mg以上を1日3回、5〜7日間経口投与する。", "comparators", False),
    ("成人の肺炎ではアモキシシリン1回500 mgを1日3回、5〜7日間経口投与しない。", "negation", True),
    ("妊婦にはミノサイクリンを投与する。", "negation", True),
    ("妊婦にはアモキシシリンを投与しない。", "negation", True),
    ("成人の肺炎ではセファレキシン1回500 mgを1日3回、5〜7日間経口投与する。", "wording", False),
    ("小児の肺炎ではアモキシシリン1回500 mgを1日3回、5〜7日間経口投与する。", "populations", False),
    ("成人の肺炎ではアモキシシリンを経口投与し、喀痰の培養を行う。", "wording", False),
]


@pytest.mark.parametrize(("claim", "aspect", "contradicts"), DIFFERENT)
def test_a_difference_is_named_and_keeps_the_claim_from_being_verified(
    claim: str, aspect: Aspect, contradicts: bool
) -> None:
    found = compare(claim, SPAN, ("肺炎", "治療"))
    assert found.verdict != "verified"
    assert (aspect, contradicts) in {(each.aspect, each.contradicts) for each in found.differences}


@pytest.mark.parametrize(
    ("claim", "span", "headings"),
    [
        ("肺炎の成人にはアモキシシリンを1回500 mg、1日3回、5〜7日間内服させる。", SPAN.replace("妊婦には", "また、"), ("肺炎",)),
        ("ワーファリンは用いない。", "ワルファリンは使用しない。", ()),
        ("ワルファリンは妊娠中の患者に投与しない。", "妊婦には禁忌である。ワルファリンは投与しない。", ("ワルファリン",)),
        ("血清カリウムは６．５ｍＥｑ／Ｌ以上である。", "血清カリウムは6.5 mEq/L以上である。", ()),
        ("Adults take aspirin 100 mg once daily.", "Aspirin 100 mg is taken once daily by adults.", ()),
    ],
)  # fmt: skip
def test_other_words_for_the_same_are_verified(claim: str, span: str, headings: tuple[str, ...]) -> None:
    assert compare(claim, span, headings).differences == ()


def test_a_condition_must_not_be_left_out() -> None:
    found = compare("造影剤を投与する。", "アレルギー歴がなければ造影剤を投与する。")
    assert "conditions" in {each.aspect for each in found.differences}


def test_numbers_that_change_places_are_noticed() -> None:
    found = compare("最大量は小児0.5 mgである。", "最大量は成人0.5 mg、小児0.3 mgである。")
    assert found.verdict == "contradicted"


def test_the_span_is_the_shortest_that_says_most_and_lies_in_the_passage() -> None:
    passage = "肺炎は感染症である。\nワルファリンは妊婦に投与しない。\n経過をみる。"
    support = best_support("妊婦にはワルファリンを投与しない。", passage)
    assert support is not None
    assert passage[support.start : support.end] == "ワルファリンは妊婦に投与しない。"
    assert support.comparison.verdict == "verified"


def test_a_contradiction_is_not_avoided_by_looking_elsewhere() -> None:
    passage = "心不全では輸液を行わない。脱水では輸液を行う。"
    support = best_support("心不全では輸液を行う。", passage)
    assert support is not None
    assert support.comparison.verdict == "contradicted"


@pytest.mark.parametrize("claim", ["", "。", "はい。", "それである。", "100"])
def test_a_claim_that_says_nothing_is_never_verified(claim: str) -> None:
    support = best_support(claim, "肺炎の成人に投与する。それであるものもある。")
    assert support is None or support.comparison.verdict != "verified"


@pytest.mark.parametrize(
    ("claim", "span"),
    [
        # One figure of the span is told twice, the other not at all.
        ("1934年に甲が創刊した。", "1934年、甲は受賞した。1924年に甲が創刊した。"),
        ("原因遺伝子はCOL4A3とCOL4A3である。", "原因遺伝子はCOL4A3とCOL4A4である。"),
        ("CD8陽性細胞が減少する。", "CD4陽性細胞が減少する。"),
    ],
)
def test_a_figure_of_something_else_is_no_support(claim: str, span: str) -> None:
    found = compare(claim, span, ("CD8とCOL4A4",))
    assert ("numbers", True) in {(each.aspect, each.contradicts) for each in found.differences}


@pytest.mark.parametrize(
    ("claim", "span", "contradicts"),
    [
        ("投与量は約500 mgである。", "投与量は500 mgである。", False),
        ("投与量は500 mgである。", "投与量は最大500 mgである。", False),
        ("投与量は少なくとも500 mgである。", "投与量は最大500 mgである。", True),
        ("at least 6 hours of rest", "up to 6 hours of rest", True),
    ],
)
def test_a_bound_before_a_figure_is_compared(claim: str, span: str, contradicts: bool) -> None:
    found = compare(claim, span)
    assert found.verdict != "verified"
    assert ("comparators", contradicts) in {(each.aspect, each.contradicts) for each in found.differences}

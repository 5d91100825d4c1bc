"""Citation markers: what models write, and what a reader may see of it."""

import pytest

from service.markers import MarkerFilter, filtered, keys_in, without_markers

KNOWN = {"E1", "E2"}

REWRITTEN = [
    ("カルシウムを静注する。[E1]", "カルシウムを静注する。[E1]", 0),
    ("静注する [E1, E2]。", "静注する[E1][E2]。", 0),
    ("静注する【E1】。", "静注する[E1]。", 0),
    ("静注する［Ｅ２］。", "静注する[E2]。", 0),
    ("静注する[根拠E1、E2]。", "静注する[E1][E2]。", 0),
    ("静注する[E1-E2]。", "静注する[E1][E2]。", 0),
    ("静注する[E1: 診療ガイドライン]。", "静注する[E1]。", 0),
    ("静注する[E9]。", "静注する。", 1),
    ("静注する [E1, E9]。", "静注する[E1]。", 1),
    ("静注する[E1-E4]。", "静注する[E1][E2]。", 2),
    ("静注する[E9: 診療ガイドライン(2023)]。", "静注する。", 1),
    ("静注する。[e7][E8]", "静注する。", 2),
    ("静注する[E9", "静注する", 1),
    ("  静注する。\n[E1]\n\n", "静注する。\n[E1]", 0),
]
LEFT_ALONE = [
    "エストラジオール(E2)を測定する。",
    "プロスタグランジンE1製剤を投与する。",
    "[血清E2値]が高い。",
    "HbA1c [NGSP値] 6.5%以上",
    "[Na+] 135 mEq/L未満、[1]と[2]の両方",
    "閉じない[括弧のある文",
]


@pytest.mark.parametrize(("text", "shown", "removed"), REWRITTEN)
def test_markers_come_out_in_one_form_and_only_for_known_keys(text: str, shown: str, removed: int) -> None:
    assert filtered(text, KNOWN) == (shown, removed)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_brackets_that_cite_nothing_are_text(text: str) -> None:
    assert filtered(text, KNOWN) == (text, 0)


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("text", [case[0] for case in REWRITTEN] + LEFT_ALONE)
def test_a_stream_shows_what_the_whole_text_shows(text: str, size: int) -> None:
    markers = MarkerFilter(KNOWN)
    pieces = [markers.feed(text[start : start + size]) for start in range(0, len(text), size)]
    pieces.append(markers.finish())
    assert ("".join(pieces), markers.removed) == filtered(text, KNOWN)


@pytest.mark.parametrize("text", [case[0] for case in REWRITTEN])
def test_no_prefix_of_a_stream_ever_shows_an_unknown_key(text: str) -> None:
    markers = MarkerFilter(KNOWN)
    shown = ""
    for character in text:
        shown += markers.feed(character)
        assert not any(f"E{number}" in shown.upper() for number in (3, 4, 7, 8, 9))


def test_keys_are_listed_once_in_order() -> None:
    assert keys_in("甲。[E2][E1] 乙。[E2]") == ("E2", "E1")


def test_markers_are_taken_off_with_the_space_before_them() -> None:
    assert without_markers("Give calcium [E1][E2].") == "Give calcium."

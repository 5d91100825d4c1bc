"""Where Japanese and English sentences end."""

import pytest

from corpora import sentences

CASES: list[tuple[str, list[str]]] = [
    ("心電図を記録する。カルシウムを投与する。", ["心電図を記録する。", "カルシウムを投与する。"]),
    ("緊急か？ 緊急である！次へ", ["緊急か？", "緊急である！", "次へ"]),
    ("「腎性か。腎前性か。」と考える。次。", ["「腎性か。腎前性か。」と考える。", "次。"]),
    ("中止する（ただし例外がある。）。再開する。", ["中止する（ただし例外がある。）。", "再開する。"]),
    ("「飲めない。」次の日。", ["「飲めない。」次の日。"]),
    ("投与量は2.5 mgである。次。", ["投与量は2.5 mgである。", "次。"]),
    ("投与量は２．５㎎である．次の文．", ["投与量は２．５㎎である．", "次の文．"]),
    (
        "Give 2.5 mg daily. Avoid NSAIDs, e.g. ibuprofen. Stop.",
        ["Give 2.5 mg daily.", "Avoid NSAIDs, e.g. ibuprofen.", "Stop."],
    ),
    ("Dr. Sato saw E. coli in urine. It grew.", ["Dr. Sato saw E. coli in urine.", "It grew."]),
    ("本当に?!そうだ。", ["本当に?!", "そうだ。"]),
    ("カリウムは\n6.0 mEq/Lであった。", ["カリウムは\n6.0 mEq/Lであった。"]),
    ("- 利尿薬\n- 透析。透析は最後。\n", ["利尿薬", "透析。", "透析は最後。"]),
    ("1. 心電図\n2. 採血\n本文。", ["心電図", "採血\n本文。"]),
    ("## 治療\n透析する。", ["治療", "透析する。"]),
    ("| 病期 | eGFR |\n|---|---|\n| G3a | 45〜59。 |", ["| 病期 | eGFR |", "| G3a | 45〜59。 |"]),
    ("段落一\n\n段落二", ["段落一", "段落二"]),
    ("閉じない（括弧。それでも切る。", ["閉じない（括弧。", "それでも切る。"]),
    ("。。。", ["。。。"]),
    ("  \n\u3000\n", []),
    ("---\n\n***", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected

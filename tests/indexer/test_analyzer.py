"""Terms are lemmas of content words, the same on every path and in every thread and process."""

import json
import multiprocessing
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import fugashi
import pytest
import unidic_lite

from indexer import MeCabAnalyzer, fold
from indexer.analyzer import terms_of, word
from tests.requirements import data_folder


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("認めた", ["認める"]),
        ("患者に投与する。", ["患者", "投与", "為る"]),
        ("アンモニア", ["アンモニア"]),  # lemma アンモニア-ammonia
        ("フロセミド20mg", ["フロセミド", "20", "mg"]),  # not in the dictionary: the surface
        ("ＢＮＰとBNPとbnp", ["bnp", "bnp", "bnp"]),
        ("3.5 mEq/L", ["3.5", "meq", "l"]),
        ("10⁴ 10^-3", ["10^4", "10^-3"]),
        ("104", ["104"]),
        ("1.73 m²", ["1.73", "m^2"]),
        ("3. 5", ["3", "5"]),
        ("α遮断薬", ["α", "遮断", "薬"]),
        ("COVID-19", ["covid", "19", "covid19"]),
        ("Acute kidney injury.", ["acute", "kidney", "injury"]),
        ("。、！？「」（）＋", []),
        ("血圧が高いのでしょうか", ["血圧", "高い"]),
        ("", []),
        ("\x00\ud800\n", []),
    ],
)
def test_terms(analyzer: MeCabAnalyzer, text: str, terms: list[str]) -> None:
    assert analyzer.terms(text) == terms


def test_fast_path_gives_the_terms_of_the_full_features(analyzer: MeCabAnalyzer) -> None:
    """The custom output format and its memo against UniDic's own feature objects, on real text."""
    full = fugashi.Tagger(f'-r "{unidic_lite.DICDIR}/mecabrc" -d "{unidic_lite.DICDIR}"')
    lines = data_folder("nando", "passages.jsonl").read_text(encoding="utf-8").splitlines()
    lines += data_folder("jsquad", "passages.jsonl").read_text(encoding="utf-8").splitlines()[::8]
    for line in lines:
        text = json.loads(line)["text"]
        words = [  # all that a node says is read before the next parse
            word(node.surface, node.feature.pos1, node.feature.lemma, spaced=bool(node.white_space))
            for node in full(fold(text))
        ]
        assert analyzer.terms(text) == terms_of(words)


def test_the_dictionary_is_named_in_the_identity(analyzer: MeCabAnalyzer) -> None:
    assert analyzer.identity.dictionary == "unidic-lite"
    assert analyzer.identity.dictionary_version == version("unidic-lite")


TEXTS = [f"患者{number}に{number}.5mgのアンモニア製剤を投与した" for number in range(400)]


def test_threads_share_an_analyzer(analyzer: MeCabAnalyzer) -> None:
    expected = [MeCabAnalyzer().terms(text) for text in TEXTS]
    barrier = threading.Barrier(4)

    def all_terms() -> list[list[str]]:
        barrier.wait()
        return [analyzer.terms(text) for text in TEXTS]

    with ThreadPoolExecutor(4) as pool:
        assert all(
            result == expected
            for result in (future.result() for future in [pool.submit(all_terms) for _ in range(4)])
        )


def test_an_analyzer_survives_a_pickle(analyzer: MeCabAnalyzer) -> None:
    assert pickle.loads(pickle.dumps(analyzer)).terms("認めた") == ["認める"]


def test_an_analyzer_survives_a_fork(analyzer: MeCabAnalyzer) -> None:
    analyzer.terms("認めた")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(analyzer.terms, ("認めた",)) == ["認める"]


def test_a_hundred_thousand_characters_are_analysed(analyzer: MeCabAnalyzer) -> None:
    assert len(analyzer.terms("高血圧" * 33_334)) > 60_000

"""A site's own words, by configuration alone: a compiled MeCab dictionary and a table of synonyms.

The dictionary is compiled by the command that docs/analysis.md names.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import unidic_lite
from typer.testing import CliRunner

from indexer.cli import app

WORD = "つくし研究,5140,5140,-5000,名詞,普通名詞,一般,*,*,*,ツクシケンキュウ,つくし研究" + ",*" * 18 + "\n"
"""In UniDic's form: surface, two context ids, cost, part of speech, and the lemma as the eighth feature."""

TEXTS = {
    "own": "つくし研究では入院期間が短くなった。",
    "parts": "つくしを摘み、研究した。",
    "ward": "５病棟の当直表。",
}


def call(*arguments: object) -> tuple[str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.stderr
    return result.stdout, result.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the index of a site that brings both files; paths are relative to its configuration."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "site.csv").write_text(WORD, encoding="utf-8")
    compiler = Path(sys.executable).with_name("fugashi-build-dict")
    command = [compiler, "-d", unidic_lite.DICDIR, "-u", "site.dic", "-f", "utf-8", "-t", "utf-8", "site.csv"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "words.tsv").write_text(
        "group\tterm\tkind\tprovenance\n"
        "ward\t５病棟\tpreferred\tour hospital's list\n"
        "ward\tさくら東\tabbreviation\tour hospital's list\n",
        encoding="utf-8",
    )
    (folder / "texts.jsonl").write_text(
        "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in TEXTS.items())
    )
    (folder / "index.toml").write_text(
        '[[corpus]]\npaths = ["texts.jsonl"]\n'
        '[index.analysis]\nuser_dictionary = "site.dic"\nsynonyms = ["words.tsv"]\n'
    )
    call("build", "--config", folder / "index.toml", "--out", folder / "ix")
    return folder


def search(site: Path, query: str, mode: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        call("search", "--index", site / "ix", "--mode", mode, "--json", query)[0]
    )
    return found


def test_a_word_of_the_dictionary_is_one_term(site: Path) -> None:
    """Without it, the text that holds only the parts would be found too."""
    [hit] = search(site, "つくし研究", "lexical")["hits"]
    assert (hit["passage_id"], hit["matched_terms"]) == ("own", ["つくし研究"])


def test_a_sites_synonym_is_searched_for_and_told(site: Path) -> None:
    found = search(site, "さくら東はどこ", "hybrid")
    assert found["expansions"] == ["５病棟"]
    assert found["hits"][0]["passage_id"] == "ward"
    assert "searched also: ５病棟" in call("search", "--index", site / "ix", "さくら東はどこ")[1]


def test_shipped_groups_stay_beside_the_sites_own(site: Path) -> None:
    assert "慢性腎臓病" in search(site, "CKDの食事", "hybrid")["expansions"]


def test_a_dictionary_that_changed_asks_for_a_new_build(site: Path, tmp_path: Path) -> None:
    for name in ("index.toml", "texts.jsonl", "words.tsv", "site.dic"):
        (tmp_path / name).write_bytes((site / name).read_bytes())
    call("build", "--config", tmp_path / "index.toml", "--out", tmp_path / "ix")
    with (tmp_path / "site.dic").open("ab") as file:
        file.write(b"\0")
    result = CliRunner().invoke(app, ["search", "--index", str(tmp_path / "ix"), "つくし"])
    assert result.exit_code == 4
    assert "analyzer.user_dictionary" in result.stderr

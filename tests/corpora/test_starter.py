"""The starter corpus keeps the promises of its SOURCES.md."""

import re
from pathlib import Path

import pytest

from corpora import STARTER, clean, read_corpus, split
from corpora.cleaning import decode
from corpora.front_matter import StarterFrontMatter, split_front_matter

FILES = sorted(STARTER.glob("*/*.md"))


def parts(file: Path) -> tuple[StarterFrontMatter, str]:
    values, body = split_front_matter(clean(decode(file.read_bytes())))
    return StarterFrontMatter.model_validate(values), body


def test_size() -> None:
    documents = list(read_corpus([STARTER]))
    assert len(documents) >= 80
    assert sum(len(re.sub(r"\s", "", document.text)) for document in documents) >= 100_000


def test_every_document_says_that_it_is_unreviewed() -> None:
    assert [d.doc_id for d in read_corpus([STARTER]) if not d.unreviewed] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_front_matter_is_complete_and_its_figures_stand_in_the_text(file: Path) -> None:
    matter, body = parts(file)
    assert matter.id == file.stem
    assert matter.topic == file.parent.name
    assert body.lstrip().startswith(f"# {matter.title}\n")
    assert [figure.value for figure in matter.figures if figure.value not in body] == []


def test_drug_monographs_follow_the_order_of_a_package_insert() -> None:
    order = ["警告", "禁忌", "効能又は効果", "用法及び用量", "相互作用", "副作用", "腎機能障害時の使用"]
    for document in read_corpus([STARTER / "drugs"]):
        headings = [section.heading for top in document.sections for section in top.sections]
        assert [heading for heading in headings if heading in order] == order, document.doc_id


def test_no_passage_is_longer_than_the_encoder_reads() -> None:
    assert max(len(p.text) for d in read_corpus([STARTER]) for p in split(d)) <= 1_800

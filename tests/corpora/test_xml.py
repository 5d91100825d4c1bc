"""XML sources: what becomes text, sections and metadata."""

from datetime import date
from pathlib import Path

import pytest

from corpora import CorpusError, Document, ReadReport, read_corpus, split
from corpora.documents import walk

PMDA = """<?xml version="1.0" encoding="UTF-8"?>
<PackIns xmlns="http://info.pmda.go.jp/namespace/prescription_drugs/package_insert/1.0" version="1.0">
  <PackageInsertNo>1234567A1234_1_02</PackageInsertNo>
  <DateOfPreparationOrRevision>
    <PreparationOrRevision id="今回"><YearMonth>2026-06</YearMonth>
      <Version><Lang xml:lang="ja">第2版</Lang></Version></PreparationOrRevision>
    <PreparationOrRevision id="前回"><YearMonth>2024-01</YearMonth></PreparationOrRevision>
  </DateOfPreparationOrRevision>
  <ApprovalEtc><DetailBrandName id="BRD_1"><ApprovalBrandName><Lang xml:lang="ja">試験薬錠10mg</Lang></ApprovalBrandName>
    <BrandCode><YJCode>1234567A1234</YJCode></BrandCode></DetailBrandName></ApprovalEtc>
  <GenericName><Detail><Lang xml:lang="ja">試験薬塩酸塩</Lang></Detail></GenericName>
  <Warnings id="HDR_W"><Detail><Lang xml:lang="ja">緊急時に対応できる施設で投与すること。</Lang>
    <Lang xml:lang="en">Only where emergencies can be treated.</Lang></Detail></Warnings>
  <ContraIndications id="HDR_C"><OrderedList>
    <Item id="a"><Detail><Lang xml:lang="ja">本剤の成分に過敏症の既往歴のある患者</Lang></Detail></Item>
    <Item id="b"><Detail><Lang xml:lang="ja">透析患者［<HeaderRef ref="HDR_R"/>参照］</Lang></Detail></Item>
  </OrderedList></ContraIndications>
  <InfoDoseAdmin><DoseAdmin><Detail><Lang xml:lang="ja">通常、成人には1日10<Sup>4</Sup>単位を投与する。<?enter?>ただし、高齢者では減量する。</Lang></Detail>
    <TblBlock><SimpTblHead><Detail><Lang xml:lang="ja">CLcr</Lang></Detail><Detail><Lang xml:lang="ja">用量</Lang></Detail></SimpTblHead>
      <SimpleTable><SimpTblRow><SimpTblCell><Detail><Lang xml:lang="ja">30未満</Lang></Detail></SimpTblCell>
        <SimpTblCell><Detail><Lang xml:lang="ja">5 mg</Lang></Detail></SimpTblCell></SimpTblRow></SimpleTable></TblBlock>
  </DoseAdmin></InfoDoseAdmin>
  <UseInSpecificPopulations><PatientsWithRenalImpairment id="HDR_R"><Detail>
    <Lang xml:lang="ja">血中濃度が上昇する。</Lang></Detail></PatientsWithRenalImpairment></UseInSpecificPopulations>
  <Interactions><ContraIndicatedCombinations><ContraIndicatedCombination><ContraIndication>
    <Drug><DrugName><Detail><Lang xml:lang="ja">甲薬<?enter?>乙薬</Lang></Detail></DrugName>
      <ClinSymptomsAndMeasures><Detail><Lang xml:lang="ja">出血</Lang></Detail></ClinSymptomsAndMeasures>
      <MechanismAndRiskFactors><Detail><Lang xml:lang="ja">CYP3A阻害</Lang></Detail></MechanismAndRiskFactors></Drug>
    <Drug><DrugName><Detail><Lang xml:lang="ja">丙薬</Lang></Detail></DrugName>
      <ClinSymptomsAndMeasures><Detail><Lang xml:lang="ja">低血圧</Lang></Detail></ClinSymptomsAndMeasures></Drug>
  </ContraIndication></ContraIndicatedCombination></ContraIndicatedCombinations></Interactions>
</PackIns>"""


def one(path: Path, text: str, name: str = "a.xml") -> Document:
    (path / name).write_text(text, encoding="utf-8")
    (document,) = read_corpus([path / name])
    return document


def test_a_package_insert_has_typed_sections(tmp_path: Path) -> None:
    document = one(tmp_path, PMDA)
    types = {passage.section_type: passage.text for passage in split(document)}
    assert types["警告"] == "緊急時に対応できる施設で投与すること。"
    assert types["禁忌"].splitlines() == [
        "(1) 本剤の成分に過敏症の既往歴のある患者",
        "(2) 透析患者［9.2参照］",
    ]
    assert types["用法及び用量"].startswith(
        "通常、成人には1日10⁴単位を投与する。\nただし、高齢者では減量する。"
    )
    assert "| 30未満 | 5 mg |" in types["用法及び用量"]
    assert types["腎機能障害患者"] == "血中濃度が上昇する。"
    assert "| 甲薬、乙薬 | 出血 | CYP3A阻害 |\n| 丙薬 | 低血圧 |  |" in types["併用禁忌"]


def test_a_package_insert_says_what_it_is(tmp_path: Path) -> None:
    document = one(tmp_path, PMDA)
    assert document.doc_id == "PMDA:1234567A1234_1_02"
    assert document.title == "試験薬錠10mg"
    assert (document.published, document.edition) == (date(2026, 6, 1), "第2版")
    assert document.tags == ("試験薬塩酸塩", "1234567A1234")
    assert [s.heading for s in walk(document.sections)][:3] == ["1. 警告", "2. 禁忌", "6. 用法及び用量"]


PUBMED = """<?xml version="1.0"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2024//EN" "https://dtd.nlm.nih.gov/x.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">11</PMID><Article>
  <Journal><JournalIssue><PubDate><Year>2021</Year><Month>Mar</Month></PubDate></JournalIssue><Title>J Test</Title></Journal>
  <ArticleTitle>Effect of <i>X</i> on K<sup>+</sup>.</ArticleTitle>
  <Abstract><AbstractText Label="METHODS" NlmCategory="METHODS">10<sup>4</sup> cells.</AbstractText>
    <AbstractText Label="RESULTS" NlmCategory="RESULTS">It rose.</AbstractText></Abstract>
  <Language>eng</Language><PublicationTypeList><PublicationType>Retracted Publication</PublicationType></PublicationTypeList>
  </Article><MeshHeadingList><MeshHeading><DescriptorName>Potassium</DescriptorName></MeshHeading></MeshHeadingList>
</MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>12</PMID><Article><ArticleTitle>No abstract.</ArticleTitle></Article>
</MedlineCitation></PubmedArticle>
</PubmedArticleSet>"""


def test_pubmed_abstracts(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(PUBMED, encoding="utf-8")
    report = ReadReport()
    (document,) = read_corpus([tmp_path], report=report)
    assert (document.doc_id, document.title) == ("PMID:11", "Effect of X on K⁺.")
    assert (document.published, document.language, document.source) == (date(2021, 3, 1), "en", "J Test")
    assert document.tags == ("Potassium", "Retracted Publication")
    assert [(p.section_type, p.text) for p in split(document)] == [
        ("methods", "10⁴ cells."),
        ("results", "It rose."),
    ]
    assert document.origin is not None
    assert document.origin.line == 4
    assert [note.text for note in report.notes] == ["1 articles without an abstract left out"]


JATS = """<article xmlns:xlink="http://www.w3.org/1999/xlink" xml:lang="en"><front>
<journal-meta><journal-title-group><journal-title>J Open</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="pmc">77</article-id>
<title-group><article-title>On H<sub>2</sub>O</article-title></title-group>
<pub-date><year>2020</year><month>5</month><day>2</day></pub-date>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"/></permissions>
<abstract><p>Short.</p></abstract><kwd-group><kwd>water</kwd></kwd-group></article-meta></front>
<body><sec sec-type="methods"><title>Methods</title><p>We did it<xref>1</xref>.</p>
<sec><title>Doses</title><table-wrap><label>Table 1</label><caption><p>Doses</p></caption><table>
<tr><th>Drug</th><th>Dose</th></tr><tr><td>A</td><td>5 mg</td></tr></table></table-wrap></sec></sec></body>
<back><ref-list><ref>Someone 1999</ref></ref-list></back></article>"""


def test_jats_articles(tmp_path: Path) -> None:
    document = one(tmp_path, JATS, "a.nxml")
    assert (document.doc_id, document.title) == ("PMC77", "On H₂O")
    assert document.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert [s.section_type for s in walk(document.sections)] == ["abstract", "methods", None]
    assert split(document)[-1].section_type == "methods", "a section without a type has that of the one above"
    assert "Table 1 Doses\n\n| Drug | Dose |\n|---|---|\n| A | 5 mg |" in document.text
    assert "1999" not in document.text


WIKI = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/">
<page><title>高血圧</title><ns>0</ns><id>5</id><revision><id>9</id><timestamp>2024-02-03T00:00:00Z</timestamp><text>
{{Infobox}}'''高血圧'''は[[血圧|血液の圧力]]が高い状態である&lt;ref&gt;注&lt;/ref&gt;。
== 治療 ==
* [[減塩]]する
* 10&lt;sup&gt;4&lt;/sup&gt;
{| class="wikitable"
! 薬 !! 量
|-
| 甲 || 5
|}
[[Category:循環器]]</text></revision></page>
<page><title>別名</title><ns>0</ns><id>6</id><redirect title="高血圧"/><revision><text>#転送</text></revision></page>
<page><title>Talk</title><ns>1</ns><id>7</id><revision><text>雑談。</text></revision></page>
</mediawiki>"""


def test_mediawiki_articles(tmp_path: Path) -> None:
    document = one(tmp_path, WIKI, "jawiki-latest-pages-articles.xml")
    assert (document.doc_id, document.title, document.tags) == ("jawiki:5", "高血圧", ("循環器",))
    assert document.text.startswith("高血圧は血液の圧力が高い状態である。")
    assert "- 減塩する\n- 10⁴" in document.text
    assert "| 薬 | 量 |\n|---|---|\n| 甲 | 5 |" in document.text
    assert [s.heading for s in document.sections] == ["治療"]
    assert (document.published, document.edition) == (date(2024, 2, 3), "9")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<rss><channel/></rss>", "root element <rss> is none of those read"),
        ("<article><front/></article>", "no <article-meta>"),
        ("<article>", "not well-formed"),
        ("", "not well-formed"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><PackIns><Warnings><Detail><Lang>&x;</Lang></Detail></Warnings></PackIns>',
         "declares entities of its own"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(CorpusError, match=reason):
        one(tmp_path, text)

"""PubMed/MEDLINE XML: one document an article, its abstract's labelled parts as sections.

Elements: https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/190101/index.html. Files of 30,000 articles are read
article by article.
"""

from collections.abc import Iterator
from datetime import date

from corpora.composing import Composer
from corpora.documents import Document, Origin
from corpora.readers import Source
from corpora.readers.jats import MONTHS, prose
from corpora.safe_xml import Element, digest, streamed


def read(source: Source) -> Iterator[Document]:
    """Yield the articles that have an abstract; how many have none is noted."""
    without = 0
    for element in streamed(source.path, "PubmedArticle", source.renew):
        document = _article(source, element)
        if document is None:
            without += 1
        else:
            yield document
    if without:
        source.note(f"{without} articles without an abstract left out")


def _article(source: Source, element: Element) -> Document | None:
    citation = element.find("MedlineCitation")
    pmid = citation.findtext("PMID") if citation is not None else None
    article = citation.find("Article") if citation is not None else None
    if citation is None or article is None or not pmid:
        raise ValueError(f"the article at line {element.sourceline} has no PMID")
    composer = Composer()
    abstracts = [article.find("Abstract"), *citation.findall("OtherAbstract")]
    for abstract in abstracts:
        for part in abstract.findall("AbstractText") if abstract is not None else ():
            label = part.get("Label") or ""
            composer.heading(label, 1, section_type=(part.get("NlmCategory") or label).lower() or None)
            composer.paragraph(prose(part))
    if composer.empty:
        return None
    title = article.find("ArticleTitle")
    tags = [heading.text or "" for heading in citation.iterfind("MeshHeadingList/MeshHeading/DescriptorName")]
    tags += [prose(keyword) for keyword in citation.iterfind("KeywordList/Keyword")]
    tags += [kind.text or "" for kind in article.iterfind("PublicationTypeList/PublicationType")]
    return composer.document(
        f"PMID:{pmid.strip()}",
        title=prose(title) if title is not None else "",
        source=article.findtext("Journal/Title") or source.settings.source,
        licence=source.settings.licence,
        published=_published(article),
        edition=(citation.find("PMID").get("Version") if citation.find("PMID") is not None else None),  # type: ignore[union-attr]
        language=_LANGUAGES.get(article.findtext("Language") or ""),
        tags=tags,
        origin=Origin(path=str(source.path), sha256=digest(element), line=element.sourceline),
    )


_LANGUAGES = {"eng": "en", "jpn": "ja"}


def _published(article: Element) -> date | None:
    """The issue's date, its unknown month and day taken as the first; ``None`` without a year."""
    for path in ("Journal/JournalIssue/PubDate", "ArticleDate"):
        found = article.find(path)
        year = found.findtext("Year") if found is not None else None
        if found is not None and year and year.isdigit():
            month = (found.findtext("Month") or "1").strip()
            number = int(month) if month.isdigit() else MONTHS.get(month[:3].lower(), 1)
            day = found.findtext("Day") or "1"
            try:
                return date(int(year), number, int(day))
            except ValueError:
                return date(int(year), 1, 1)
    return None

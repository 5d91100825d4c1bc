"""PMDA package inserts (医療用医薬品添付文書 XML, the form of 2019 on): sections by type.

Namespace ``http://info.pmda.go.jp/namespace/prescription_drugs/package_insert/1.0``; numbers and order of
the sections are those of the notification 薬生発0608第1号 (2017). The older SGML form is not read.

Text stands in ``Detail/Lang[@xml:lang]``, lists in ``OrderedList``/``UnorderedList``/``SimpleList`` of
``Item``, tables in ``TblBlock``, interactions as ``Drug`` with three parts; a line break is the processing
instruction ``<?enter?>``, and ``HeaderRef`` points to a section by id.
"""

from collections.abc import Iterator
from datetime import date

from lxml import etree

from corpora.composing import Composer, one_line
from corpora.documents import Document
from corpora.readers import Source
from corpora.safe_xml import Element, entity_text, local, parsed
from corpora.superscripts import subscript, superscript

SECTIONS = {
    "Warnings": ("1", "警告"),
    "ContraIndications": ("2", "禁忌"),
    "CompositionAndProperty": ("3", "組成・性状"),
    "Composition": ("3.1", "組成"),
    "Property": ("3.2", "製剤の性状"),
    "IndicationsOrEfficacy": ("4", "効能又は効果"),
    "EfficacyRelatedPrecautions": ("5", "効能又は効果に関連する注意"),
    "InfoDoseAdmin": ("6", "用法及び用量"),
    "InfoPrecautionsDosage": ("7", "用法及び用量に関連する注意"),
    "ImportantPrecautions": ("8", "重要な基本的注意"),
    "UseInSpecificPopulations": ("9", "特定の背景を有する患者に関する注意"),
    "UseInPatientsWithComplicationsOrHistoryOfDiseasesEtc": ("9.1", "合併症・既往歴等のある患者"),
    "PatientsWithRenalImpairment": ("9.2", "腎機能障害患者"),
    "PatientsWithHepaticImpairment": ("9.3", "肝機能障害患者"),
    "MalesAndFemalesOfReproductivePotential": ("9.4", "生殖能を有する者"),
    "UseInPregnant": ("9.5", "妊婦"),
    "UseInNursing": ("9.6", "授乳婦"),
    "PediatricUse": ("9.7", "小児等"),
    "UseInTheElderly": ("9.8", "高齢者"),
    "Interactions": ("10", "相互作用"),
    "ContraIndicatedCombinations": ("10.1", "併用禁忌"),
    "PrecautionsForCombinations": ("10.2", "併用注意"),
    "AdverseEvents": ("11", "副作用"),
    "SeriousAdverseEvents": ("11.1", "重大な副作用"),
    "OtherAdverseEvents": ("11.2", "その他の副作用"),
    "InfluenceOnLaboratoryValues": ("12", "臨床検査結果に及ぼす影響"),
    "OverDosage": ("13", "過量投与"),
    "PrecautionsForApplication": ("14", "適用上の注意"),
    "OtherPrecautions": ("15", "その他の注意"),
    "InformationBasedOnClinicalUse": ("15.1", "臨床使用に基づく情報"),
    "InformationBasedOnNonclinicalStudies": ("15.2", "非臨床試験に基づく情報"),
    "Pharmacokinetics": ("16", "薬物動態"),
    "BloodLevel": ("16.1", "血中濃度"),
    "Absorption": ("16.2", "吸収"),
    "Distribution": ("16.3", "分布"),
    "Metabolism": ("16.4", "代謝"),
    "Excretion": ("16.5", "排泄"),
    "SpecificPopulation": ("16.6", "特定の背景を有する患者"),
    "DrugAndDrugInteractions": ("16.7", "薬物相互作用"),
    "PharmacokineticsEtc": ("16.8", "その他"),
    "ResultsOfClinicalTrials": ("17", "臨床成績"),
    "EfficacyAndSafety": ("17.1", "有効性及び安全性に関する試験"),
    "PostMarketingSurveylancesEtc": ("17.2", "製造販売後調査等"),
    "ResultsOfClinicalTrialsEtc": ("17.3", "その他"),
    "EfficacyPharmacology": ("18", "薬効薬理"),
    "MechanismOfAction": ("18.1", "作用機序"),
    "PhyschemOfActIngredients": ("19", "有効成分に関する理化学的知見"),
    "PrecautionsForHandling": ("20", "取扱い上の注意"),
    "ConditionsOfApproval": ("21", "承認条件"),
    "Package": ("22", "包装"),
    "AttentionOfInsurance": ("25", "保険給付上の注意"),
}
"""Element names, section numbers and titles. The titles are the section types."""

_INTERACTION = {
    "DrugName": "薬剤名等",
    "ClinSymptomsAndMeasures": "臨床症状・措置方法",
    "MechanismAndRiskFactors": "機序・危険因子",
}

_LISTS = {"OrderedList", "UnorderedList", "SimpleList"}
_NOT_BODY = {
    "PackageInsertNo", "CompanyIdentifier", "DateOfPreparationOrRevision", "Sccj", "GenericName",
    "ApprovalEtc", "MainLiterature", "AddresseeOfLiteratureRequest", "NameAddressManufact",
    "TherapeuticClassification",
}  # fmt: skip
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MAX_DEPTH = 100


def read(source: Source) -> Iterator[Document]:
    """Yield the package insert as one document; its id is the insert's number (添付文書番号)."""
    root = parsed(source.path)
    insert = _Insert(root)
    for child in root:
        if local(child) and local(child) not in _NOT_BODY:
            insert.section(child, 1)
    brands = [insert.text(name) for name in root.iter("{*}ApprovalBrandName")]
    generic = root.find("{*}GenericName")
    generic_name = insert.text(generic) if generic is not None else ""
    number = one_line(root.findtext("{*}PackageInsertNo") or "")
    revision = next(root.iter("{*}PreparationOrRevision"), None)
    version = revision.find("{*}Version") if revision is not None else None
    yield insert.composer.document(
        f"PMDA:{number}" if number else source.doc_id,
        title="・".join(dict.fromkeys(filter(None, brands))) or generic_name,
        source=source.settings.source or "PMDA 添付文書",
        licence=source.settings.licence,
        published=_month(revision),
        edition=(insert.text(version) if version is not None else "") or None,
        language="ja",
        tags=[generic_name, *(one_line(code.text or "") for code in root.iter("{*}YJCode"))],
        origin=source.origin,
    )


class _Insert:
    def __init__(self, root: Element) -> None:
        self.composer = Composer()
        self._drugs: list[list[str]] = []
        self._brands = {
            node.get("id"): self.text(name)
            for node in root.iter("{*}DetailBrandName")
            if (name := node.find("{*}ApprovalBrandName")) is not None
        }
        self._numbers = {
            node.get("id"): SECTIONS[local(node)][0]
            for node in root.iter()
            if local(node) in SECTIONS and node.get("id")
        }

    def section(self, element: Element, level: int, depth: int = 0) -> None:
        """Write an element and what stands in it; unknown elements are passed through, never dropped."""
        if depth > _MAX_DEPTH:
            raise ValueError("is nested deeper than any real package insert")
        tag = local(element)
        if tag in SECTIONS:
            number, title = SECTIONS[tag]
            self.composer.heading(
                f"{number}. {title}" if "." not in number else f"{number} {title}", level, section_type=title
            )
            level += 1
        elif tag == "Header":
            self.composer.heading(self.text(element), level)
            return
        elif tag == "Detail" or element.find("{*}Lang") is not None:
            self.composer.paragraph(self.text(element))
            return
        elif tag in _LISTS:
            self._list(element, 0)
            return
        elif tag == "TblBlock":
            self._table(element)
            return
        elif tag == "Drug":
            self._drugs.append(self._drug(element))
            return
        elif len(element) == 0:
            self.composer.paragraph(element.text or "")
            return
        inner = level + (element.find("{*}Header") is not None)
        for child in element:
            if local(child):
                self.section(child, level if local(child) == "Header" else inner, depth + 1)
        if tag in SECTIONS:
            self._write_drugs()

    def text(self, element: Element) -> str:
        """The Japanese text of an element; ``<?enter?>`` is a line end."""
        langs = element.findall("{*}Lang") or [
            lang for part in element.findall("{*}Detail") for lang in part.findall("{*}Lang")
        ]
        chosen = [lang for lang in langs if lang.get(_LANG, "ja") == "ja"] or langs
        return (
            "\n".join(self._inline(lang, 0).strip() for lang in chosen)
            if langs
            else self._inline(element, 0).strip()
        )

    def _inline(self, element: Element, depth: int) -> str:
        if depth > _MAX_DEPTH:
            raise ValueError("is nested deeper than any real package insert")
        parts = [element.text or ""]
        for child in element:
            tag = local(child)
            if isinstance(child, etree._ProcessingInstruction):
                parts.append("\n" if child.target == "enter" else "")
            elif isinstance(child, etree._Entity):
                parts.append(entity_text(child))
            elif tag == "Sup":
                parts.append(superscript(self._inline(child, depth + 1)))
            elif tag == "Sub":
                parts.append(subscript(self._inline(child, depth + 1)))
            elif tag == "HeaderRef":
                parts.append(self._numbers.get(child.get("ref"), ""))
            elif tag == "ApprovalBrandNameRef":
                parts.append(self._brands.get(child.get("ref"), ""))
            elif tag and tag not in {"ReferenceBookRef", "CommentRef"}:
                parts.append(self._inline(child, depth + 1))
            parts.append(child.tail or "")
        return "".join(parts)

    def _list(self, element: Element, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise ValueError("is nested deeper than any real package insert")
        ordered = local(element) == "OrderedList"
        for number, item in enumerate(element.findall("{*}Item"), start=1):
            marker = f"({number})" if ordered else "-"
            own = [self.text(part) for part in item if local(part) in {"Header", "Detail"}]
            self.composer.item(" ".join(filter(None, own)) or "", depth=depth, marker=marker)
            for part in item:
                if local(part) in _LISTS:
                    self._list(part, depth + 1)
                elif local(part) == "TblBlock":
                    self._table(part)

    def _table(self, block: Element) -> None:
        caption = block.find("{*}TblCaption")
        if caption is not None:
            self.composer.paragraph(self.text(caption))
        head = block.find("{*}SimpTblHead")
        rows = [[self.text(cell) for cell in head.findall("{*}Detail")]] if head is not None else []
        for row in block.iter("{*}SimpTblRow"):
            rows.append([self._cell(cell) for cell in row.findall("{*}SimpTblCell")])
        self.composer.table(rows)
        for foot in block.findall("{*}SimpTblFoot/{*}Detail"):
            self.composer.paragraph(self.text(foot))

    def _cell(self, cell: Element) -> str:
        details = list(cell.iter("{*}Detail"))
        return " ".join(self.text(part) for part in details) if details else self.text(cell)

    def _drug(self, drug: Element) -> list[str]:
        """One interaction as a row, so that drug, effect and mechanism stay together."""
        parts = [drug.find(f"{{*}}{tag}") for tag in _INTERACTION]
        return [
            "、".join(filter(None, self._cell(part).split("\n"))) if part is not None else ""
            for part in parts
        ]

    def _write_drugs(self) -> None:
        if self._drugs:
            self.composer.table([list(_INTERACTION.values()), *self._drugs])
            self._drugs = []


def _month(revision: Element | None) -> date | None:
    value = revision.findtext("{*}YearMonth") if revision is not None else None
    try:
        return date.fromisoformat(f"{value.strip()[:7]}-01") if value else None
    except ValueError:
        return None

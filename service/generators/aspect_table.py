# ruff: noqa: E501  (one aspect a line: a table is read across)
"""What can be asked about a disease or drug, and the words that ask for it, Japanese and English."""

from typing import NamedTuple


class Aspect(NamedTuple):
    """Something that can be asked about a disease or drug.

    Attributes:
        ja, en: Patterns of the words that ask for it.
        label_ja, label_en: How a sub-question names it.
        query_ja, query_en: Words that passages about it hold, searched with the topic.
    """

    ja: str
    en: str
    label_ja: str
    label_en: str
    query_ja: str
    query_en: str


URGENCY = Aspect(
    "", "", "緊急度の評価", "assessment of urgency", "緊急度 評価 重症度", "urgency severity assessment"
)
IMMEDIATE = Aspect(
    "", "", "初期治療", "immediate treatment", "初期対応 治療 静注 投与", "emergency initial treatment"
)

INITIAL_JA = r"初期対応|初期治療と対応|救急対応|緊急対応|急性期対応|初療|応急処置|最初の対応|最初に(?:行う|すべき)(?:こと|対応)|(?:まず|最初に)(?:何を|どう)"
INITIAL_EN = r"initial (?:management|response|approach|care)|immediate (?:management|care)|emergency (?:management|care)|first[- ]line response"

# fmt: off
# The order is that of precedence where two patterns could take the same words.
ASPECTS: tuple[Aspect, ...] = (
    IMMEDIATE._replace(ja=r"初期治療|急性期治療|緊急治療", en=r"(?:initial|immediate|emergency) (?:treatment|therapy)"),
    Aspect(r"鑑別(?:診断|疾患)?", r"differential(?: diagnos[ie]s)?", "鑑別", "differential diagnosis", "鑑別 鑑別疾患", "differential diagnosis"),
    Aspect(r"(?:重症度|病期|ステージ)(?:の)?(?:分類|評価|判定)?", r"(?:staging|stages?|severity(?: classification)?)", "重症度・病期", "staging", "分類 重症度 病期 基準", "classification stage severity"),
    Aspect(r"診断(?:基準|方法|法)?", r"diagnos(?:is|es|tic criteria|ed|e)", "診断", "diagnosis", "診断 診断基準", "diagnosis diagnostic criteria"),
    Aspect(r"検査(?:所見|項目|方法)?|画像所見", r"(?:diagnostic |laboratory |lab )?tests?|investigations?|work-?up|laboratory findings", "検査", "tests", "検査 検査所見", "tests laboratory investigation"),
    Aspect(r"原因(?:疾患|薬剤?)?|病因|成因|誘因", r"causes?|caused|a?etiolog(?:y|ies)", "原因", "causes", "原因 誘因", "cause etiology"),
    Aspect(r"病態(?:生理)?|機序|メカニズム", r"mechanisms?|pathophysiology|pathogenesis", "病態", "mechanism", "病態 機序", "mechanism pathophysiology"),
    Aspect(r"危険因子|リスク因子|リスクファクター", r"risk factors?", "危険因子", "risk factors", "危険因子 リスク", "risk factors"),
    Aspect(r"(?:初期|自覚)?症状|徴候|臨床像|身体所見", r"(?:clinical )?(?:symptoms?|signs?|features|presentation|manifestations?)", "症状", "symptoms", "症状 徴候", "symptoms signs"),
    Aspect(r"(?:用法・?用量|投与量|用量|用法)(?:調整|調節)?|減量基準", r"dos(?:es?|ages?|ing)(?: adjustments?)?", "用量", "dosage", "用法 用量 投与量", "dosage dose"),
    Aspect(r"禁忌", r"contraindications?|contraindicated", "禁忌", "contraindications", "禁忌 投与しない", "contraindications"),
    Aspect(r"副作用|有害事象|有害反応", r"(?:side|adverse) effects?|adverse (?:events?|reactions?)", "副作用", "adverse effects", "副作用 有害事象", "adverse effects"),
    Aspect(r"(?:薬物)?相互作用|併用注意|併用禁忌", r"(?:drug )?interactions?", "相互作用", "interactions", "相互作用 併用", "interactions"),
    Aspect(r"合併症", r"complications?", "合併症", "complications", "合併症", "complications"),
    Aspect(r"予後|転帰", r"prognosis|outcomes?|survival", "予後", "prognosis", "予後 転帰 生存率", "prognosis outcome"),
    Aspect(r"(?:経過観察|モニタリング|フォローアップ|経過の観察)", r"monitor(?:ing|ed)?|follow-?up|surveillance", "モニタリング", "monitoring", "モニタリング 経過観察 測定", "monitoring follow-up"),
    Aspect(r"予防(?:法|策|接種|方法)?", r"prevention|prevent(?:ed)?|prophylaxis", "予防", "prevention", "予防", "prevention"),
    Aspect(r"適応(?:症|基準)?", r"indications?", "適応", "indications", "適応", "indications"),
    Aspect(r"食事(?:療法|制限|指導)", r"diet(?:ary)?(?: therapy| restrictions?)?", "食事療法", "diet", "食事療法 制限", "diet restriction"),
    Aspect(r"(?:専門医(?:への)?)?紹介(?:基準|の?タイミング)?", r"referrals?|refer(?:red)?", "専門医への紹介", "referral", "紹介 専門医", "referral specialist"),
    Aspect(r"(?:注意点|留意点|注意事項|注意すべきこと)", r"precautions?|cautions?", "注意点", "precautions", "注意 慎重投与", "precautions"),
    Aspect(r"(?:第一選択薬?|治療(?:法|薬|方針|目標|戦略)?|薬物療法|管理(?:目標|方法|方針)?|対応|対処(?:法)?|処置)", r"treatments?|treated|treat|therap(?:y|ies)|manage(?:ment|d)?", "治療", "treatment", "初期対応 治療 投与", "treatment management"),
    Aspect(r"定義", r"definitions?|defined", "定義", "definition", "定義", "definition"),
)
# fmt: on

SECTIONS: dict[str, tuple[str, ...]] = {
    "緊急度の評価": (r"緊急度", r"重症度", r"評価"),
    "初期治療": (r"初期対応|初期治療|緊急治療|緊急時|第一段階|救命処置", r"治療"),
    "治療": (r"治療(?!目標|効果|開始|反応)|初期対応|療法|体外への除去|慢性期管理|発作時",),
    "鑑別": (r"鑑別",),
    "重症度・病期": (r"重症度|病期|分類", r"定義"),
    "診断": (r"診断", r"検査|定義"),
    "検査": (r"検査|所見",),
    "原因": (r"原因|成因|誘因",),
    "病態": (r"病態|機序", r"概念|原因"),
    "危険因子": (r"危険因子|リスク因子", r"原因"),
    "症状": (r"症状|徴候",),
    "用量": (r"用法|用量",),
    "禁忌": (r"禁忌",),
    "副作用": (r"副作用",),
    "相互作用": (r"相互作用",),
    "合併症": (r"合併症",),
    "予後": (r"予後", r"経過"),
    "モニタリング": (r"モニタリング|経過観察",),
    "予防": (r"予防",),
    "適応": (r"適応|効能",),
    "食事療法": (r"食事",),
    "専門医への紹介": (r"紹介",),
    "注意点": (r"注意",),
    "定義": (r"定義|概念",),
}
"""The headings under which an aspect is treated, by its ``label_ja``; a later pattern counts only where no
passage stands under an earlier one."""

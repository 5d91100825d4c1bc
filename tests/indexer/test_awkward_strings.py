"""Strings that medical texts write in several ways: which must find each other, and which must not.

A query finds a text here if one word field holds all of its terms. That is stricter than the search, which
ranks by shares of them, so that each row says something about analysis alone. The text that is shown keeps
every character as it was written (½錠 never becomes 1⁄2錠): tests/indexer/test_hybrid.py.
"""

import pytest

from indexer import MeCabAnalyzer, Synonyms, bigrams, fold
from indexer.synonyms import SHIPPED


@pytest.fixture(scope="module")
def shipped() -> Synonyms:
    return Synonyms.load([SHIPPED])


# query | text that must be found by it
ALIKE = """
10⁴ | 10⁴個
10^4 | 10⁴個/mL
10⁻³ | 10^-3
1×10⁵ | 1×10^5 CFU
1.73m² | 1.73 m²
㎡ | 体表面積 1.5 m²
cm³ | 5㎤の腫瘤
½錠 | 1⁄2錠
½錠 | １/２錠を内服
1½錠 | 1 1/2錠
¼量 | 1/4量
５㎎ | 5mg
5 mg | ５ｍｇ錠
5mg | 5 mg錠
㎍ | μg
µg | 100 μg
μｇ | 25µg
㎖ | 500 mL
㏄ | 100cc
㎏ | 60 kg
㎜Hg | 140 mmHg
㎝ | 5cm
mg/㎗ | 1.2 mg/dL
℃ | 38.5 °C
38.5℃ | ３８．５℃
２０％ | 20%
0.9％ | 0.9%食塩液
12,000 | 12000/μL
１２，０００ | 12,000
３．５ | K 3.5 mEq/L
３．５ mEq/L | 3.5mEq/L
ＢＮＰ | BNP
bnp | BNP 200 pg/mL
NT-proBNP | ＮＴ－ｐｒｏＢＮＰ
HbA1c | ＨｂＡ１ｃ 7.0%
HbA₁c | HbA1c
ＨｂＡ1ｃ | HbA1c（NGSP）
SpO₂ | SpO2 90%
SpO2 | ＳｐＯ２
PaCO₂ | PaCO2 60 Torr
FiO₂ | FiO2 0.4
CO₂ナルコーシス | CO2ナルコーシス
HCO₃⁻ | HCO3
eGFR | ｅＧＦＲ 45
eGFR | EGFR
Na⁺ | Na
K⁺ | 血清K値
Ca²⁺ | Ca
Cl⁻ | Cl
Ⅱ型 | II型
第Ⅱ相 | 第II相試験
Ⅳ度 | IV度
Ⅲ音 | III音
Child-Pugh分類 | Child－Pugh 分類
NYHA Ⅲ | NYHA III度
2型糖尿病 | ２型糖尿病
1型糖尿病 | １型糖尿病患者
CTCAE Grade 3 | CTCAE Ｇｒａｄｅ３
Grade 3 | grade 3の好中球減少
ステージ3 | ステージ３
G3a | CKD G3a
β遮断薬 | β－遮断薬
β遮断薬 | βー遮断薬
β遮断薬 | β‐遮断薬
β2刺激薬 | β₂刺激薬
α1遮断薬 | α₁遮断薬
γ-GTP | γ‐GTP
γ-GTP | γ－ＧＴＰ
IgA腎症 | ＩｇＡ腎症
IgG4 | IgG４関連疾患
IL-6 | ＩＬ‐６
IL6 | IL-6
COVID-19 | ＣＯＶＩＤ－１９
CA19-9 | ＣＡ19－9
PT-INR | ＰＴ－ＩＮＲ
ST上昇 | ＳＴ上昇
QT延長 | QT 延長
HER2 | HER2陽性
HLA-B27 | HLA‐B27
TNF-α | TNF－α
TNFα | ＴＮＦα阻害薬
CKD | CKD患者
CKD | 非CKD患者
AKI | AKI発症後
ACE阻害薬 | ＡＣＥ阻害薬
ICU | ICU入室
DOAC | DOAC内服中
SGLT2阻害薬 | ＳＧＬＴ２阻害薬
SGLT2 | SGLT2阻害薬
GLP-1 | GLP‐1受容体作動薬
H2ブロッカー | Ｈ２ブロッカー
5-HT3 | 5‐HT3受容体拮抗薬
MRSA | MRSA肺炎
アレルギー | ｱﾚﾙｷﾞｰ
パルス | ﾊﾟﾙｽ療法
ガス | 血液ｶﾞｽ
コンピューター | コンピュ－タ－
コンピューター | コンピュ−タ−
アルカローシス | アルカロ－シス
アルカローシス | アルカロ‐シス
アナフィラキシーショック | ｱﾅﾌｨﾗｷｼｰｼｮｯｸ
ギラン・バレー | ギラン・バレー症候群
ギラン・バレー | ギラン･バレー症候群
ギラン-バレー | ギラン－バレー症候群
アンモニア | 高アンモニア血症
ナトリウム | 低ナトリウム血症
カリウム | 高カリウム血症
カテーテル | カテーテル検査
フロセミド | フロセミド錠
フロセミド | 静注フロセミド20mg
ダパグリフロジン | ダパグリフロジン錠10mg
グリフロジン | ダパグリフロジン
フィネレノン | フィネレノン投与
トルバプタン | ﾄﾙﾊﾞﾌﾟﾀﾝ
サクビトリルバルサルタン | サクビトリルバルサルタンナトリウム
頸動脈 | 頚動脈
頚椎 | 頸椎症
子宮頚癌 | 子宮頸癌
嚢胞 | 囊胞
多発性囊胞腎 | 多発性嚢胞腎
障害 | 障碍
腎機能障碍 | 腎機能障害
頬部 | 頰部紅斑
剥離 | 剝離
充填 | 充塡
弯曲 | 彎曲
麻痺 | 麻痹
鬱血 | 欝血
髙血圧 | 高血圧
認める | 認めた
認めた | 認められない
飲む | 飲んだ
飲めば | 飲む
腫れる | 腫れて
投与する | 投与した
悪化 | 悪化した
高い | 高くなる
息切れ | 息切れがする
がん | 癌
ガン | 癌
肺がん | 肺がん検診
肺がん | 肺癌
胃ガン | 胃癌の手術
乳癌 | 乳がんの治療
大腸がん | 大腸癌
前立腺がん | 前立腺癌
抗がん剤 | 抗癌剤
COVID-19 | COVID19
Stage4 | Stage 4, Stage4
が | か\u3099
①20mg | 1 20mg
log₁₀ | log10
x² | x^2
¹³¹I | ^131I
Hb 8.0 | Ｈｂ ８．０
50〜100mg | 50～100mg
1日2回 | １日２回
1日1回 | １日１回５ｍｇ
4〜6時間 | ４～６時間毎
mL/分/1.73m² | mL/分/1.73㎡
体温37.5℃ | 体温 ３７．５℃以上
25(OH)D | 25（OH）D
Ｃ反応性蛋白 | C反応性蛋白
Ｔ細胞 | T細胞
抗GBM抗体 | 抗ＧＢＭ抗体
抗dsDNA抗体 | 抗ｄｓＤＮＡ抗体
ANCA関連血管炎 | ＡＮＣＡ関連血管炎
"""

# query | text that must not be found by it
UNLIKE = """
10⁴ | 104個
104 | 10⁴個
10^4 | 104
10⁻³ | 10-3
10⁵ | 10⁴
m² | m2受容体
m2 | 1.5 m²
㎡ | m2
cm³ | cm3
1½錠 | 11/2錠
½錠 | 12錠
¼ | 14
①20mg | 120mg
20① | 201
log₁₀5 | log105
0.5mg | 5mg
0.5mg | 05 mg
5mg | 0.5mg
5mg | 50mg
5mg | 5μg
2.5mg | 25mg
12,000 | 12
1,200 | 200
1型糖尿病 | 2型糖尿病
Grade 3 | Grade 4
CTCAE Grade 3 | CTCAE Grade 2
第Ⅱ相 | 第Ⅲ相
Ⅳ度 | VI度
Ⅰ度 | Ⅱ度
患者がんばる | 患者癌
ガンマ | 癌
IL-6 | IL-17
IL-6 | IL-2を6回
IgA | IgG
IgG4 | IgG
HbA1c | HbA2
HbA1c | Hb 1.0
CKD-MBD | MBDなし
G3a | G3b
T3 | T4
β2刺激薬 | β1刺激薬
α遮断薬 | β遮断薬
SpO₂ | SaO₂
PaO₂ | PaCO₂
Na⁺ | K⁺
Ca²⁺ | Cl⁻
CA19-9 | CA125
SGLT2 | SGLT1
H1ブロッカー | H2ブロッカー
5-HT3 | 5-FU
MRSA | MSSA
AKI | AKIRA
CKD | CKDX
高カリウム血症 | 低カルシウム血症
高ナトリウム血症 | 低カリウム血症
カ | カリウム
マブ | マグネシウム
頸動脈 | 冠動脈
拡張 | 収縮
徐脈 | 頻脈
左室 | 右室
胃 | 腎
1.73 | 173
"""

# found through the shipped table alone
BY_SYNONYM = """
むくみ | 浮腫
足がむくむ | 下腿浮腫
CKD | 慢性腎臓病
慢性腎臓病の食事 | CKDの食事
ACE阻害薬 | アンジオテンシン変換酵素阻害薬
ラシックス | フロセミド
タンパク尿 | 蛋白尿
たんぱく尿 | 蛋白尿
障がい | 障害
のう胞 | 嚢胞
ろ過 | 濾過
ウィルス | ウイルス
息切れ | 呼吸困難
繊維化 | 線維化
"""


def rows(table: str) -> list[tuple[str, str]]:
    return [
        (one.strip(), other.strip()) for one, other in (row.split("|") for row in table.split("\n") if row)
    ]


def finds(analyzer: MeCabAnalyzer, query: str, text: str) -> bool:
    fields = ((analyzer.terms(query), analyzer.terms(text)), (bigrams(query), bigrams(text)))
    return any(asked and set(asked) <= set(held) for asked, held in fields)


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert len({*rows(ALIKE), *rows(UNLIKE), *rows(BY_SYNONYM)}) >= 230


@pytest.mark.parametrize(("query", "text"), rows(ALIKE))
def test_two_spellings_of_one_thing_find_each_other(analyzer: MeCabAnalyzer, query: str, text: str) -> None:
    assert finds(analyzer, query, text), (analyzer.terms(query), analyzer.terms(text))


@pytest.mark.parametrize(("query", "text"), rows(UNLIKE))
def test_what_looks_alike_and_means_another_thing_is_not_found(
    analyzer: MeCabAnalyzer, query: str, text: str
) -> None:
    assert not finds(analyzer, query, text), (analyzer.terms(query), analyzer.terms(text))


@pytest.mark.parametrize(("query", "text"), rows(BY_SYNONYM))
def test_another_word_finds_by_the_table(
    analyzer: MeCabAnalyzer, shipped: Synonyms, query: str, text: str
) -> None:
    folded = fold(query)
    expansions = shipped.expansions(folded, analyzer.boundaries(folded))
    assert any(finds(analyzer, other, text) for found in expansions for other in found.others)

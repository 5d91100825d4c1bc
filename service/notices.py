# ruff: noqa: E501  (a line of a table is a line)
"""What a reader must be told beside an answer, in Japanese and English."""

import re
from collections.abc import Iterable
from datetime import date

from corpora import Frozen


class Notice(Frozen):
    """One remark on an answer.

    Attributes:
        code: Stable and machine readable.
        count: How often it happened; 1 where counting means nothing.
    """

    code: str
    ja: str
    en: str
    count: int = 1


UNREVIEWED = Notice(
    code="unreviewed",
    ja="臨床的な査読を受けていない資料です",
    en="This rests on material that no clinician has reviewed",
)
SUPERSEDED = Notice(
    code="superseded",
    ja="改訂前の資料が含まれています。現在の版を確かめてください",
    en="This rests on a document that a newer edition has replaced; check the current one",
)
EXTRACTIVE = Notice(
    code="extractive",
    ja="生成モデルを使わず、資料の文をそのまま抜き出した回答です",
    en="No language model was used: these are sentences copied from the sources",
)
PLAN_UNPARSED = Notice(
    code="plan_unparsed",
    ja="手順の計画を読み取れなかったため、質問そのものを一つの手順として調べました",
    en="The plan could not be read, so the question itself was looked up as one step",
)
REPLY_CUT = Notice(
    code="reply_cut",
    ja="途中の応答が長さの上限で切れたため、使いませんでした(limits.step_tokens で上限を変えられます)",
    en="A reply on the way was cut at its length limit and not used; limits.step_tokens sets the limit",
)
CHOICE_UNPARSED = Notice(
    code="choice_unparsed",
    ja="選択肢の指定を読み取れなかったため、選択なしとしました",
    en="The reply named no choice that could be read, so none is given",
)
STEP_FAILED = Notice(
    code="step_failed",
    ja="結論を得られなかった手順があります",
    en="Some steps reached no conclusion",
)
UNKNOWN_CITATIONS = Notice(
    code="unknown_citations",
    ja="検索されていない根拠を指す引用を取り除きました",
    en="Citations of evidence that was never retrieved were removed",
)
QUERY_UNPARSED = Notice(
    code="query_unparsed",
    ja="検索語句の書き直しを読み取れなかったため、計画どおりの語句で検索しました",
    en="A rewritten query could not be read; the planned one was searched for",
)
QUERIES_UNPARSED = Notice(
    code="queries_unparsed",
    ja="追加の検索語句を読み取れなかったため、そこで検索を終えました",
    en="Follow-up queries could not be read, so the search ended there",
)
RELEVANCE_UNPARSED = Notice(
    code="relevance_unparsed",
    ja="関連性の判定を読み取れなかったため、見つかった資料をすべて使いました",
    en="The judgement of relevance could not be read; all passages found were used",
)
STOPPED_EARLY = Notice(
    code="stopped_early",
    ja="途中の手順で答えが得られたため、残りの手順は行いませんでした",
    en="A step found the answer, so the steps after it were not taken",
)
CONTEXT_FULL = Notice(
    code="context_full",
    ja="モデルの文脈長に収まらないため、使わなかった資料があります",
    en="Some passages found do not fit the model's context and were not used",
)
PROMPT_LEAK = Notice(
    code="prompt_leak",
    ja="内部の指示文が回答に含まれていたため、その部分を取り除きました",
    en="The reply repeated internal instructions; they were removed",
)
EVIDENCE_ONLY = Notice(
    code="evidence_only",
    ja="言語モデルを利用できないため、検索した資料だけを示します",
    en="The language model is not available: only the retrieved evidence is shown",
)
INDEX_DEGRADED = Notice(
    code="index_degraded",
    ja="最新の索引を開けないため、一つ前の索引で回答しています",
    en="The newest index cannot be opened; this answer uses the previous one",
)

REWRITE_UNPARSED = Notice(
    code="rewrite_unparsed",
    ja="会話をふまえた質問の書き直しを読み取れなかったため、主題だけを補いました",
    en="The rewriting of the question could not be read; only its topic was filled in",
)
NOT_KEPT = Notice(
    code="not_kept",
    ja="この回答は保存できなかったため、後から開くことはできません",
    en="This answer could not be kept and cannot be opened again",
)

# Why an answer was withheld (`Answer.reason`).
INSUFFICIENT_EVIDENCE = Notice(
    code="insufficient_evidence",
    ja="検索した資料からは回答できません",
    en="The retrieved evidence does not answer the question",
)
NO_CHOICE = Notice(
    code="no_choice",
    ja="根拠からは選択肢を一つに決められません",
    en="The evidence does not single out one choice",
)


def superseded(current: Iterable[str]) -> Notice:
    """`SUPERSEDED`, naming the documents that are current."""
    ids = ", ".join(sorted(set(current)))
    return SUPERSEDED.model_copy(update={"ja": f"{SUPERSEDED.ja}: {ids}", "en": f"{SUPERSEDED.en}: {ids}"})


def counted(notice: Notice, count: int) -> tuple[Notice, ...]:
    """The notice with its count, or nothing where it did not happen."""
    return (notice.model_copy(update={"count": count}),) if count else ()


# What the question or the answer touches on (`emergencies`, `cautions`).
EMERGENCY = Notice(
    code="emergency",
    ja="緊急を要する症状が含まれています。実際の患者のことであれば、この回答を待たずに、119番通報または院内の救急対応を行ってください",
    en="This mentions an emergency. If it is about a real patient, do not wait for this answer: "
    "call the emergency services or the hospital's emergency team now",
)
SUICIDE = Notice(
    code="suicide_risk",
    ja="自殺や自傷に関わる内容が含まれています。危険が迫っているときは119番または110番に連絡し、本人を一人にしないでください。"
    "相談窓口は厚生労働省「まもろうよ こころ」に案内があります",
    en="This mentions suicide or self-harm. If there is immediate danger, call the emergency services and do not "
    "leave the person alone. The Ministry of Health, Labour and Welfare lists helplines",
)
DOSE = Notice(
    code="dose",
    ja="用量は、投与の前に最新の添付文書と患者の体重・腎機能・併用薬で確かめてください",
    en="Check any dose against the current package insert and the patient's weight, renal function and other drugs",
)
PREGNANCY = Notice(
    code="pregnancy",
    ja="妊娠・授乳に関わる内容です。最新の添付文書と専門医の判断を確かめてください",
    en="This concerns pregnancy or breastfeeding: check the current package insert and ask a specialist",
)
CHILDREN = Notice(
    code="children",
    ja="小児に関わる内容です。成人の用量や基準をそのまま当てはめないでください",
    en="This concerns children: doses and reference values for adults do not apply",
)
RENAL = Notice(
    code="renal",
    ja="腎機能障害に関わる内容です。腎機能に応じた用量調節と禁忌を添付文書で確かめてください",
    en="This concerns renal impairment: check dose adjustment and contraindications in the package insert",
)
OLD_EVIDENCE = Notice(
    code="old_evidence",
    ja="発行から5年を超えた資料に基づいています。最新の版を確かめてください",
    en="This rests on material published more than five years ago: look for a newer edition",
)

OLD_AFTER_YEARS = 5

_EMERGENCY = re.compile(
    r"胸痛|胸が(?:痛|苦し)|胸の(?:痛み|圧迫感)|胸部(?:圧迫感|絞扼感)|意識(?:障害|消失|不明|がない|を失|レベル(?:の)?低下|が(?:もうろう|混濁))"
    r"|呼吸困難|息が(?:できな|苦し|止ま)|呼吸(?:が)?(?:停止|止ま)|無呼吸状態|窒息|心肺停止|心停止|脈が(?:触れな|ない)|ショック状態|敗血症性ショック"
    r"|大量(?:の)?出血|大量(?:の)?(?:吐血|下血|喀血)|血が止まらな|吐血|喀血|けいれん(?!止め)|痙攣|てんかん重積|ひきつけ"
    r"|片麻痺|半身(?:が)?(?:麻痺|動か)|ろれつ(?:が)?(?:回ら|まわら)な|呂律(?:が)?(?:回ら|まわら)な|顔(?:面)?(?:が|の)(?:ゆがみ|ゆが|下が)|突然の(?:激しい)?頭痛"
    r"|激しい頭痛|アナフィラキシー|全身(?:の)?じんましん.{0,10}(?:息|呼吸)|服毒|(?:薬|農薬|漂白剤|洗剤|たばこ|電池)を(?:誤って)?(?:飲み込|大量に飲|飲んでしま)"
    r"|過量(?:服薬|内服)|誤飲|熱中症で|低体温で|溺れ"
    r"|(?<![a-z])(?:chest (?:pain|tightness|pressure)|unconscious|loss of consciousness|unresponsive|short(?:ness)? of breath"
    r"|difficulty breathing|(?:can't|cannot|can not) breathe|not breathing|cardiac arrest|chok(?:e|es|ing)|(?:massive|severe|heavy) bleeding|h(?:a)?ematemesis"
    r"|vomiting blood|seizures?|convuls(?:ion|ions|ing)|status epilepticus|slurred speech|facial droop|hemiparesis|hemiplegia"
    r"|thunderclap headache|anaphyla(?:xis|ctic)|overdosed?)(?![a-z])",
    re.I,
)
_SUICIDE = re.compile(
    r"自殺|自死|死にた[いく]|消えてしまいたい|希死念慮|自傷|リストカット|首を(?:つ|吊)|(?<![a-z])(?:suicid(?:e|al)|self-harm|kill (?:my|him|her|them)sel(?:f|ves)"
    r"|want(?:s)? to die)(?![a-z])",
    re.I,
)
_DENIED_AFTER = re.compile(
    r"[ 　]*(?:や[^。、,.]{1,12}|、[^。、,.]{1,8}(?=[はも]))?(?:は|も|を|が|の(?=ない)|の(?:既往|訴え|所見)(?:は|も)?|など(?:は|も)?)?(?:特に)?"
    r"(?:ない|なく(?!な[らりるっ])|なし|無し|無く|認めな|認めず|みられな|伴わな|伴わず|否定|陰性|ありません|なかった|起こしてい?な|していない)"
    r"|(?:の|を)?(?:既往|歴(?!然))|[ ]+(?:is|was|are|were) (?:absent|denied)"
)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:no|not|without|denies|denied|history of|no history of|absence of) (?:[a-z]+,? (?:or |and )?){0,3})$",
    re.I,
)
_EXAM = re.compile(
    r"どれか|どれですか|選べ|選びなさい|(?:正しい|誤っている|適切な|考えられる|考えにくい)(?:もの|の)は|[1-5１-５一二三四五]つ選|"
    r"which (?:one )?of the following|most likely diagnosis|best next step",
    re.I,
)
_DOSE = re.compile(
    r"用量|投与量|何\s?(?:mg|ミリグラム|錠|単位)|(?<![a-z])(?:dos(?:e|es|age|ing))(?![a-z])"
    r"|[0-9０-９.．½¼]\s?(?:mg|㎎|μg|µg|mcg|g|mEq|mL|ml|単位|錠|カプセル|units?|tablets?)(?:\s?/\s?(?:kg|日|回|時|分|m²|day|h|min))*(?![a-zA-Z/])[^。]{0,25}"
    r"(?:投与|内服|服用|静注|筋注|皮下注|点滴|吸入|追加|開始|増量|減量|daily|orally|intraven|intramusc|once|twice|every)"
    r"|(?:投与|内服|服用|静注|筋注|give|take|administer)[^。]{0,20}[0-9０-９]\s?(?:mg|㎎|μg|µg|g|mL|単位|錠)(?![a-zA-Z/])|/kg",
    re.I,
)
_PREGNANCY = re.compile(
    r"(?<!非)妊(?:娠(?!して(?:い)?な|の(?:可能性|事実)は(?:ない|な[くし])|反応陰性|高血圧症候群の既往)|婦|産婦)|授乳|母乳|胎児|催奇形"
    r"|(?<!not )(?<!non-)(?<![a-z])(?:pregnan(?:t|cy)|breast-?feeding|lactati(?:on|ng)|fetus|teratogenic)(?![a-z])",
    re.I,
)
_CHILDREN = re.compile(
    r"小児|乳児|乳幼児|幼児|新生児|早産児|学童|子ども|子供|こども|赤ちゃん|(?<![0-9０-９])(?:[0-9０-９]|1[0-4]|１[０-４])(?:歳|か月|ヶ月)(?!以上|未満)(?=[^。]{0,4}(?:児|の(?:男|女)|[。、]))"
    r"|(?<![a-z])(?:child(?:ren)?|infants?|neonat(?:e|es|al)|newborns?|paediatric|pediatric|toddlers?)(?![a-z])",
    re.I,
)
_RENAL = re.compile(
    r"腎(?:機能|障害|不全|症)(?!(?:は)?(?:正常|保たれ))|慢性腎臓病|透析|クレアチニンクリアランス|eGFR|Ccr|(?<![A-Z])CKD|(?<![A-Z])AKI(?![A-Z])"
    r"|(?<![a-z])(?:renal (?:impairment|failure|function|insufficiency)|kidney (?:disease|injury|failure)|dialysis|creatinine clearance)(?![a-z])",
    re.I,
)


def emergencies(question: str, *, exam: bool = False) -> tuple[Notice, ...]:
    """The fixed notices that stand on top where a question mentions an emergency.

    A symptom that the question denies, or that is past history, raises none; nor does an examination
    question (``exam``, or by its wording), since nobody is in danger there. Suicide is never passed over
    for its wording as a question, only for ``exam``.
    """
    if exam:
        return ()
    urgent = not _EXAM.search(question) and any(
        not _denied(question, match) for match in _EMERGENCY.finditer(question)
    )
    suicidal = any(not _denied(question, match) for match in _SUICIDE.finditer(question))
    return (*((SUICIDE,) if suicidal else ()), *((EMERGENCY,) if urgent else ()))


def _denied(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 60) : match.start()]
    return _DENIED_AFTER.match(text, match.end()) is not None or _DENIED_BEFORE.search(before) is not None


def cautions(question: str, answer: str, published: Iterable[date | None], today: date) -> tuple[Notice, ...]:
    """The fixed notices for what question and answer touch on, and for old evidence.

    Args:
        published: Of the passages used; an unknown date raises nothing.

    Returns:
        In a fixed order; `OLD_EVIDENCE` counts the passages that are older than `OLD_AFTER_YEARS`.
    """
    both = f"{question}\n{answer}"
    rules = ((DOSE, _DOSE), (PREGNANCY, _PREGNANCY), (CHILDREN, _CHILDREN), (RENAL, _RENAL))
    raised = tuple(notice for notice, pattern in rules if pattern.search(both))
    return (*raised, *counted(OLD_EVIDENCE, sum(day is not None and _old(day, today) for day in published)))


def _old(day: date, today: date) -> bool:
    return (day.year + OLD_AFTER_YEARS, day.month, day.day) < (today.year, today.month, today.day)

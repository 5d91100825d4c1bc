"""What a reader must be told beside an answer, in Japanese and English."""

from collections.abc import Iterable

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

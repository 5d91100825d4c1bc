"""The workbench's words, Japanese by default."""

from corpora import Frozen


class Texts(Frozen):
    """One language."""

    lang: str
    title: str
    sign_in: str
    sign_in_how: str
    progress: str
    go_on: str
    stages: str
    stage: str
    open_: str
    waiting: str
    closed: str
    to_guess: str
    locked: str
    other: str
    other_lang: str
    answer: str
    question: str
    findings: str
    score: str
    scores: tuple[str, str, str]
    reasons: str
    tags: tuple[str, str, str, str]
    undo: str
    keys: str
    mark: str
    saved: str
    unsaved: str
    previous: str
    next_: str
    close: str
    close_hint: str
    left: str
    overview: str
    others_said: str
    guess_title: str
    guess_how: str
    guesses: tuple[str, str, str]
    lock: str
    lock_hint: str
    disclaimer: str


JA = Texts(
    lang="ja",
    title="症例回答の評価",
    sign_in="サインインが必要です",
    sign_in_how="研究の担当者から受け取ったリンクを開いてください。",
    progress="進み具合",
    go_on="評価を続ける",
    stages="段階",
    stage="段階",
    open_="評価中",
    waiting="前の段階の後",
    closed="確定",
    to_guess="最後の質問へ",
    locked="評価を確定しました。ありがとうございました。",
    other="English",
    other_lang="en",
    answer="回答",
    question="設問",
    findings="症例(この段階まで)",
    score="点",
    scores=("誤り", "妥当ではあるが最適ではない", "正しい"),
    reasons="理由(任意)",
    tags=("危険", "誤情報", "抜け", "根拠違い"),
    undo="点を取り消す",
    keys="キー: 0・1・2 点 / Q W E R 理由 / U 取り消し / J K 文を選ぶ / M 文に印 / N 次 / P 前",
    mark="文を押すと印が付きます。",
    saved="保存しました",
    unsaved="保存できていません。つながり次第、送り直します。",
    previous="前の回答",
    next_="次の回答",
    close="この段階を確定して進む",
    close_hint="確定すると、この段階の点は変えられません。",
    left="未評価",
    overview="一覧へ",
    others_said="評価者の点",
    guess_title="最後の質問",
    guess_how="次の回答は、資料を検索して書かれたと思いますか。盲検が保たれたかを調べるための質問です。",
    guesses=("検索あり", "検索なし", "わからない"),
    lock="すべての評価を確定する",
    lock_hint="確定した後は変えられません。",
    disclaimer="症例は合成で、臨床的な査読を受けていません。診療には使えません。",
)

EN = Texts(
    lang="en",
    title="Rating of case answers",
    sign_in="Sign in first",
    sign_in_how="Open the link that the study's organiser gave you.",
    progress="Progress",
    go_on="Go on",
    stages="Stages",
    stage="Stage",
    open_="being scored",
    waiting="after the one before",
    closed="closed",
    to_guess="To the last question",
    locked="Your scores are locked. Thank you.",
    other="日本語",
    other_lang="ja",
    answer="Answer",
    question="Question",
    findings="The case up to this stage",
    score="Score",
    scores=("wrong", "acceptable, not the best", "right"),
    reasons="Reasons (optional)",
    tags=("dangerous", "misinformation", "omission", "wrong evidence"),
    undo="Take the score back",
    keys="Keys: 0 1 2 score / Q W E R reasons / U undo / J K sentence / M mark it / N next / P previous",
    mark="Press a sentence to mark it.",
    saved="Saved",
    unsaved="Not saved yet; it is sent again as soon as there is a connection.",
    previous="Previous answer",
    next_="Next answer",
    close="Close this stage and go on",
    close_hint="Once closed, the scores of this stage stay.",
    left="not scored",
    overview="Overview",
    others_said="The raters' scores",
    guess_title="The last question",
    guess_how="Were these answers written with retrieved documents? Your guess tells whether blinding held.",
    guesses=("with retrieval", "without", "cannot tell"),
    lock="Lock all scores",
    lock_hint="Nothing can be changed after this.",
    disclaimer="The cases are synthetic and not clinically reviewed. Not for care.",
)

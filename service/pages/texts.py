# ruff: noqa: E501  (a line of a table is a line)
"""The words of the pages, Japanese and English: two instances of one type, so that neither can lack one."""

from corpora import Frozen
from service.pages.file_texts import FILES_EN, FILES_JA, FileTexts
from service.questions import Language


class Texts(Frozen):
    """One language's words. What belongs to an answer itself (notices, statuses) is worded where it is made."""

    lang: Language
    other: str
    title: str
    skip: str
    nav_ask: str
    nav_search: str
    nav_documents: str
    nav_index: str
    nav_api: str
    display: str
    theme_auto: str
    theme_light: str
    theme_dark: str
    theme_contrast: str
    apply: str
    disclaimer: str

    question: str
    question_hint: str
    ask: str
    stop: str
    stopped: str
    more_settings: str
    choices: str
    choices_hint: str
    strategy: str
    strategy_default: str
    strategies: dict[str, str]
    only_reviewed: str
    include_superseded: str
    published_from: str
    thinking: str
    no_script: str

    plan: str
    step: str
    query: str
    conclusion: str
    evidence: str
    gated: str
    no_evidence: str
    waiting: str
    answer: str
    choice: str
    abstained: str
    references: str
    share: str
    status_meaning: str
    status_help: str
    differs: str
    copy_text: str
    copied: str
    print: str
    permalink: str
    made_by: str
    again: str

    feedback: str
    helpful: str
    unhelpful: str
    wrong_citation: str
    unsafe: str
    comment: str
    send: str
    thanks: str

    reader: str
    reader_empty: str
    close: str
    quote: str
    no_quote: str
    from_document: str
    edition: str
    published: str
    source: str
    licence: str
    page: str
    unknown: str
    superseded: str
    unreviewed: str
    whole_document: str

    search: str
    search_hint: str
    searched_also: str
    no_hits: str
    hits: str
    modes: dict[str, str]
    rank_elsewhere: str
    matched: str
    facets: str
    side_by_side: str

    documents: str
    passages: str
    contents: str
    next: str
    tags: str
    count: str

    index: str
    generations: str
    generation: str
    created: str
    size: str
    live: str
    rebuild: str
    verify: str
    roll_back: str
    changes: str
    added: str
    removed: str
    changed: str
    unchanged: str
    progress: str
    job_status: dict[str, str]
    stages: dict[str, str]
    cancel: str
    nothing_yet: str
    rolled_back: str

    error: str
    error_id: str
    back: str
    sign_in: str
    sign_out: str
    sign_in_elsewhere: str
    signed_in: str
    go_on: str
    key: str
    key_hint: str
    sign_in_first: str
    may_not_ask: str
    follow: str
    earlier: str
    understood: str
    no_keys: str
    model_server: str
    files: FileTexts

    nav_status: str
    nav_audit: str
    nav_keys: str
    status_now: str
    works: str
    no_model: str
    circuit: str
    queue_busy: str
    queue_waiting: str
    queue_refused: str
    draining: str
    last_days: str
    answers_a_day: str
    share_a_day: str
    answered: str
    abstained_count: str
    day: str
    numbers: str
    no_answers_yet: str
    remarks: str
    verdict: str
    when: str
    who: str
    what: str
    outcome: str
    asked: str
    number: str
    since: str
    until: str
    older: str
    audit_off: str
    verify_log: str
    log_whole: str
    log_broken: str
    times_utc: str
    first_key: str
    new_key: str
    name: str
    name_hint: str
    scopes: str
    rate: str
    days: str
    make_key: str
    key_made: str
    copy_key: str
    expires: str
    used: str
    usable: str
    expired: str
    revoked: str
    revoke: str
    sure: str
    never: str
    scope_meaning: dict[str, str]
    verdicts: dict[str, str]


JA = Texts(
    lang="ja",
    other="English",
    title="jmedqa 医学質問応答",
    skip="本文へ移動",
    nav_ask="質問",
    nav_search="検索",
    nav_documents="文書",
    nav_index="索引",
    nav_api="API",
    display="表示",
    theme_auto="自動",
    theme_light="明るい",
    theme_dark="暗い",
    theme_contrast="高コントラスト",
    apply="変更",
    disclaimer="診断や治療の指示ではありません。必ず原典で確かめてください。",
    question="質問",
    question_hint="例: CKD患者で高カリウム血症を認めたときの初期対応は？（Ctrl+Enterで送信）",
    ask="質問する",
    stop="中止",
    stopped="中止しました。ここまでの表示は回答ではありません。",
    more_settings="選択肢・進め方・資料の条件",
    choices="選択肢",
    choices_hint="一行に一つ。例: A テント状T波",
    strategy="進め方",
    strategy_default="標準の設定",
    strategies={
        "stepwise": "手順ごとに検索",
        "iterative": "追加の検索を繰り返す",
        "single": "一度だけ検索",
        "closed_book": "検索しない",
    },
    only_reviewed="査読を受けていない資料を除く",
    include_superseded="改訂前の資料も含める",
    published_from="発行日（以降）",
    thinking="調べています…",
    no_script="この頁は、スクリプトを無効にしても使えます。回答は、できあがってから表示されます。",
    plan="調べる手順",
    step="手順",
    query="検索語句",
    conclusion="結論",
    evidence="見つかった資料",
    gated="見つかったが使わなかった資料",
    no_evidence="資料は見つかりませんでした",
    waiting="待機中",
    answer="回答",
    choice="選択",
    abstained="回答できません",
    references="参照した資料",
    share="引用・数値の一致を確認した文の割合",
    status_meaning="印の意味",
    status_help="印は、回答の文と引用した箇所とで、語句・数値・単位・以上未満などの条件・否定・薬剤名・対象が一致するかを機械的に照合した結果です。資料の内容が正しいこと、この患者に当てはまることは確かめていません。",
    differs="食い違い",
    copy_text="参照付きで複写",
    copied="複写しました",
    print="印刷",
    permalink="この回答へのリンク",
    made_by="作成",
    again="もう一度質問する",
    feedback="この回答について",
    helpful="役に立った",
    unhelpful="役に立たなかった",
    wrong_citation="引用が違う",
    unsafe="危険な内容がある",
    comment="ひとこと（任意。患者の情報は書かないでください）",
    send="送る",
    thanks="ありがとうございます。記録しました。",
    reader="根拠を読む",
    reader_empty="回答の番号を選ぶと、根拠となる箇所がここに開きます。",
    close="閉じる",
    quote="引用された箇所",
    no_quote="引用元に、この文と対応する箇所は見つかりませんでした。",
    from_document="文書",
    edition="版",
    published="発行",
    source="出典",
    licence="ライセンス",
    page="頁",
    unknown="記載なし",
    superseded="改訂前の資料",
    unreviewed="未査読",
    whole_document="文書全体を開く",
    search="検索",
    search_hint="例: 足がむくむ",
    searched_also="加えて検索した語",
    no_hits="見つかりませんでした",
    hits="件",
    modes={"hybrid": "統合", "lexical": "語句", "bigram": "文字の並び", "dense": "意味"},
    rank_elsewhere="各方式での順位",
    matched="一致した語",
    facets="絞り込み",
    side_by_side="方式を並べて比べる",
    documents="文書",
    passages="段落",
    contents="目次",
    next="次へ",
    tags="分類",
    count="件数",
    index="索引",
    generations="世代",
    generation="世代",
    created="作成",
    size="大きさ",
    live="使用中",
    rebuild="作り直す",
    verify="破損がないか調べる",
    roll_back="この世代に戻す",
    changes="前の世代との違い",
    added="追加",
    removed="削除",
    changed="変更",
    unchanged="変更なし",
    progress="進み具合",
    job_status={
        "queued": "待機中",
        "running": "実行中",
        "succeeded": "完了",
        "failed": "失敗",
        "cancelled": "中止",
    },
    stages={"read": "読込", "analyse": "解析", "encode": "符号化", "write": "書込", "verify": "検証"},
    cancel="中止する",
    nothing_yet="まだありません",
    rolled_back="戻しました。使用中の世代",
    error="処理できませんでした",
    error_id="要求の番号",
    back="戻る",
    sign_in="サインイン",
    sign_out="サインアウト",
    sign_in_elsewhere="施設のアカウントでサインイン",
    signed_in="サインインしました",
    go_on="続ける",
    key="APIキー",
    key_hint="管理者が `jmedqa key create` で作った鍵を入力してください。",
    sign_in_first="質問するには、APIキーでサインインしてください。",
    may_not_ask="お使いのキーには質問する権限がありません。検索と文書の閲覧はできます。",
    follow="直前の回答に続けて質問する",
    earlier="これまでの質問",
    understood="次のように解釈しました",
    no_keys="キーがまだないため、この計算機の利用者は全員がすべての操作をできます。キーを作ると、以後はサインインが必要になります:",
    model_server="生成",
    files=FILES_JA,
    nav_status="状態",
    nav_audit="監査",
    nav_keys="キー",
    status_now="いまの状態",
    works="応答あり",
    no_model="なし（資料の抜き出しで回答）",
    circuit="回路遮断",
    queue_busy="処理中",
    queue_waiting="待機中",
    queue_refused="起動後に断った数",
    draining="終了処理中",
    last_days="この30日",
    answers_a_day="日ごとの回答と回答保留",
    share_a_day="日ごとの、引用・数値の一致を確認した文の割合",
    answered="回答",
    abstained_count="回答保留",
    day="日",
    numbers="数値の表",
    no_answers_yet="保存された回答はまだありません。",
    remarks="最近の評価",
    verdict="評価",
    when="日時",
    who="利用者",
    what="操作",
    outcome="結果",
    asked="尋ねた内容",
    number="番号",
    since="開始日",
    until="終了日",
    older="さらに古い記録",
    audit_off="監査ログは設定で無効になっています（audit.enabled）。",
    verify_log="改ざんがないか調べる",
    log_whole="記録はすべてつながっています。改ざんは見つかりませんでした。",
    log_broken="記録に欠落または改ざんがあります。",
    times_utc="時刻は協定世界時（UTC）です。",
    first_key="キーがまだありません。最初のキーを作ると、以後は全員にサインインが必要になります。表示されるキーを必ず控えてください。",
    new_key="新しいキー",
    name="名前",
    name_hint="使う人や端末が分かる名前",
    scopes="権限",
    rate="1分間の回数の上限",
    days="有効日数（空欄なら無期限）",
    make_key="キーを作る",
    key_made="キーは今だけ表示します。控えてください。",
    copy_key="複写",
    expires="期限",
    used="最終使用",
    usable="有効",
    expired="期限切れ",
    revoked="無効",
    revoke="無効にする",
    sure="元に戻せないことを確認しました",
    never="なし",
    scope_meaning={"read": "検索・閲覧", "ask": "質問", "admin": "管理"},
    verdicts={
        "helpful": "役に立った",
        "unhelpful": "役に立たなかった",
        "wrong": "引用が違う",
        "dangerous": "危険な内容がある",
    },
)

EN = Texts(
    lang="en",
    other="日本語",
    title="jmedqa medical question answering",
    skip="Skip to the content",
    nav_ask="Ask",
    nav_search="Search",
    nav_documents="Documents",
    nav_index="Index",
    nav_api="API",
    display="Display",
    theme_auto="automatic",
    theme_light="light",
    theme_dark="dark",
    theme_contrast="high contrast",
    apply="Apply",
    disclaimer="Not an instruction for diagnosis or treatment. Always check the original source.",
    question="Question",
    question_hint="For example: What is the initial management of hyperkalaemia in CKD? (Ctrl+Enter sends)",
    ask="Ask",
    stop="Stop",
    stopped="Stopped. What is shown so far is no answer.",
    more_settings="Choices, strategy, conditions on the sources",
    choices="Choices",
    choices_hint="One a line, for example: A peaked T waves",
    strategy="Strategy",
    strategy_default="the server's default",
    strategies={
        "stepwise": "search for each step",
        "iterative": "rounds of further searches",
        "single": "search once",
        "closed_book": "do not search",
    },
    only_reviewed="Leave out what no clinician has reviewed",
    include_superseded="Include superseded documents",
    published_from="Published on or after",
    thinking="Looking it up…",
    no_script="This page works without scripts too: the answer is shown when it is finished.",
    plan="Steps to look up",
    step="Step",
    query="Searched for",
    conclusion="Conclusion",
    evidence="Sources found",
    gated="Found, not used",
    no_evidence="No source was found",
    waiting="waiting",
    answer="Answer",
    choice="Choice",
    abstained="No answer can be given",
    references="Sources cited",
    share="Share of sentences whose quotation and numbers agree",
    status_meaning="What the marks mean",
    status_help="A mark says how a sentence of the answer compares, mechanically, with the span it cites: wording, numbers, units, comparators, negation, drug names, population. It does not say that the source is right, or that it applies to this patient.",
    differs="Differs",
    copy_text="Copy with references",
    copied="Copied",
    print="Print",
    permalink="Link to this answer",
    made_by="Made by",
    again="Ask again",
    feedback="About this answer",
    helpful="Helpful",
    unhelpful="Not helpful",
    wrong_citation="Wrong citation",
    unsafe="Something unsafe",
    comment="A word (optional; nothing about a patient, please)",
    send="Send",
    thanks="Thank you. It has been kept.",
    reader="Read the source",
    reader_empty="Choose a number in the answer: the passage it rests on opens here.",
    close="Close",
    quote="The span that is cited",
    no_quote="No span of the passage corresponds to this sentence.",
    from_document="Document",
    edition="Edition",
    published="Published",
    source="Source",
    licence="Licence",
    page="page",
    unknown="not stated",
    superseded="superseded",
    unreviewed="not reviewed",
    whole_document="Open the whole document",
    search="Search",
    search_hint="For example: swollen legs",
    searched_also="Searched also",
    no_hits="Nothing was found",
    hits="hits",
    modes={"hybrid": "fused", "lexical": "words", "bigram": "character pairs", "dense": "meaning"},
    rank_elsewhere="Rank by each arm",
    matched="Terms matched",
    facets="Narrow down",
    side_by_side="Compare the arms side by side",
    documents="Documents",
    passages="Passages",
    contents="Contents",
    next="Next",
    tags="Tags",
    count="Count",
    index="Index",
    generations="Generations",
    generation="Generation",
    created="Created",
    size="Size",
    live="serving",
    rebuild="Rebuild",
    verify="Look for damage",
    roll_back="Go back to this one",
    changes="What changed since the one before",
    added="added",
    removed="removed",
    changed="changed",
    unchanged="unchanged",
    progress="Progress",
    job_status={
        "queued": "waiting",
        "running": "running",
        "succeeded": "done",
        "failed": "failed",
        "cancelled": "cancelled",
    },
    stages={
        "read": "reading",
        "analyse": "analysing",
        "encode": "encoding",
        "write": "writing",
        "verify": "verifying",
    },
    cancel="Cancel",
    nothing_yet="None yet",
    rolled_back="Done. Serving now",
    error="This could not be done",
    error_id="Request",
    back="Back",
    sign_in="Sign in",
    sign_out="Sign out",
    sign_in_elsewhere="Sign in with your organisation's account",
    signed_in="You are signed in",
    go_on="Go on",
    key="API key",
    key_hint="Enter the key that an administrator made with `jmedqa key create`.",
    sign_in_first="Sign in with an API key to ask.",
    may_not_ask="Your key may not ask. It can search and read documents.",
    follow="Go on from the last answer",
    earlier="Asked before",
    understood="Understood as",
    no_keys="There is no key yet, so everybody on this computer may do everything. From the first key on, everybody has to sign in:",
    model_server="Generator",
    files=FILES_EN,
    nav_status="Status",
    nav_audit="Audit",
    nav_keys="Keys",
    status_now="Now",
    works="answers",
    no_model="none: answers are extractive",
    circuit="Circuit breaker",
    queue_busy="Being answered",
    queue_waiting="Waiting",
    queue_refused="Refused since the start",
    draining="Shutting down",
    last_days="The last 30 days",
    answers_a_day="Answers and abstentions a day",
    share_a_day="Share of sentences with citation and figures confirmed, a day",
    answered="Answered",
    abstained_count="Abstained",
    day="Day",
    numbers="The numbers as a table",
    no_answers_yet="No answer has been kept yet.",
    remarks="Latest remarks",
    verdict="Verdict",
    when="When",
    who="Who",
    what="What",
    outcome="Outcome",
    asked="Asked",
    number="Number",
    since="From",
    until="To",
    older="Older",
    audit_off="The audit log is turned off (audit.enabled).",
    verify_log="Check for tampering",
    log_whole="Every entry is in place: no tampering was found.",
    log_broken="Entries are missing or were changed.",
    times_utc="Times are UTC.",
    first_key="There is no key yet. From the first one on everybody has to sign in: be sure to keep the key that is shown.",
    new_key="New key",
    name="Name",
    name_hint="Who or what will use it",
    scopes="Scopes",
    rate="Requests a minute, at most",
    days="Expires after so many days (empty: never)",
    make_key="Make the key",
    key_made="The key is shown this once: keep it.",
    copy_key="Copy",
    expires="Expires",
    used="Last used",
    usable="usable",
    expired="expired",
    revoked="revoked",
    revoke="Revoke",
    sure="I know that this cannot be undone",
    never="never",
    scope_meaning={"read": "search and read", "ask": "ask", "admin": "administer"},
    verdicts={
        "helpful": "helpful",
        "unhelpful": "not helpful",
        "wrong": "wrong citation",
        "dangerous": "unsafe",
    },
)

TEXTS: dict[Language, Texts] = {"ja": JA, "en": EN}

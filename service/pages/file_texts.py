"""The words of the pages that add files and show originals, Japanese and English."""

from corpora import Frozen


class FileTexts(Frozen):
    """One language's words."""

    add: str
    add_hint: str
    off: str
    choose: str
    replace: str
    send: str
    waiting: str
    taken: str
    replaced: str
    not_taken: str
    not_taken_hint: str
    reason: str
    file: str
    documents: str
    passages: str
    characters: str
    notes: str
    duplicates: str
    same_as: str
    rebuild_hint: str
    rebuild: str
    back: str

    open_page: str
    open_file: str
    viewer: str
    page_of: str
    previous: str
    following: str
    go: str
    larger: str
    smaller: str
    zoom: str
    loading: str
    failed: str
    no_script: str
    passage: str
    boxed: str
    keys: str


FILES_JA = FileTexts(
    add="文書を追加",
    add_hint="PDF、Word、PowerPoint、Excel、CSV、HTML、XML、テキスト、Markdown、JSON Lines。上限",
    off="文書の追加は設定されていません",
    choose="ファイル",
    replace="同じ名前のファイルを差し替える",
    send="追加する",
    waiting="次に索引を作り直すと検索できるようになるファイル",
    taken="追加しました",
    replaced="差し替えました",
    not_taken="追加できませんでした",
    not_taken_hint="このファイルは保存していません。",
    reason="理由",
    file="ファイル",
    documents="文書",
    passages="段落",
    characters="文字",
    notes="読まなかった部分・注意",
    duplicates="重複",
    same_as="内容が同じファイルが既にあります",
    rebuild_hint="索引を作り直すと、検索と回答に使われます。",
    rebuild="索引を作り直す",
    back="文書の一覧へ",
    open_page="PDFの該当ページを開く",
    open_file="元のファイルを保存する",
    viewer="PDFの表示",
    page_of="ページ",
    previous="前のページ",
    following="次のページ",
    go="移動",
    larger="拡大",
    smaller="縮小",
    zoom="倍率",
    loading="読み込んでいます…",
    failed="PDFを表示できません。元のファイルを保存して開いてください。",
    no_script="PDFの表示にはスクリプトが必要です。元のファイルを保存するか、段落の本文を開いてください。",
    passage="段落の本文を開く",
    boxed="引用された箇所の枠",
    keys="← → でページ、+ − で倍率",
)

FILES_EN = FileTexts(
    add="Add a document",
    add_hint="PDF, Word, PowerPoint, Excel, CSV, HTML, XML, text, Markdown, JSON Lines. At most",
    off="Adding documents is not set up",
    choose="File",
    replace="Replace a file of the same name",
    send="Add",
    waiting="Files that are found after the next rebuild",
    taken="Added",
    replaced="Replaced",
    not_taken="Not added",
    not_taken_hint="Nothing of this file was kept.",
    reason="Reason",
    file="File",
    documents="Documents",
    passages="Passages",
    characters="Characters",
    notes="Left out, and remarks",
    duplicates="Duplicates",
    same_as="A file with the same contents is there already",
    rebuild_hint="Rebuild the index to have it searched and cited.",
    rebuild="Rebuild the index",
    back="To the documents",
    open_page="Open the page of the PDF",
    open_file="Save the original file",
    viewer="PDF viewer",
    page_of="Page",
    previous="Previous page",
    following="Next page",
    go="Go",
    larger="Larger",
    smaller="Smaller",
    zoom="Zoom",
    loading="Loading…",
    failed="This PDF cannot be shown. Save the original file and open it.",
    no_script="Showing a PDF needs scripts. Save the original file, or open the passage as text.",
    passage="Open the passage as text",
    boxed="Box around the cited place",
    keys="← → turn pages, + − zoom",
)

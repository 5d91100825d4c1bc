"""Write an analysis as a page, as Markdown and as JSON.

The page is one file: its charts and styles are inside, it has no script and asks no network.
"""

import os
import tempfile
from collections.abc import Callable
from html import escape
from pathlib import Path

from benchmarks.rating.analysis_checks import Note
from benchmarks.rating.analysis_results import Analysis
from benchmarks.rating.report_sections import Section, Table, sections

TITLE = Note("評価の分析", "Analysis of ratings")

_STYLE = """
:root{color:#1f2933;background:#fff;font:15px/1.65 system-ui,"Hiragino Sans","Noto Sans CJK JP",
"Noto Sans JP","Yu Gothic",Meiryo,sans-serif}
body{max-width:1120px;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.4rem;border-bottom:1px solid #d9dfe5}
h1 .en,h2 .en,caption .en,th .en,summary .en{font-weight:400;color:#52606d}
p .en,li .en{color:#52606d;display:block}
svg{width:100%;height:auto;display:block;margin:1rem 0}
svg text{font-family:inherit}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:.8rem 0;font-size:.86rem}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{border-bottom:1px solid #d9dfe5;padding:.25rem .7rem;text-align:right;white-space:nowrap}
th{font-weight:600;vertical-align:bottom}th .en{display:block}
th:first-child,td:first-child{text-align:left}
summary{cursor:pointer;font-weight:600;margin:.8rem 0}
nav label{margin-right:1rem}
#ja:checked~main .en,#ja:checked~main .both,#en:checked~main .ja,#en:checked~main .both{display:none}
@media print{nav,body>input,body>label{display:none}body{max-width:none}}
"""


def write_report(analysis: Analysis, folder: Path) -> list[Path]:
    """Write ``report.html``, ``report.md`` and ``analysis.json``, each whole or not at all.

    Raises:
        OSError: If the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = sections(analysis)
    texts = {
        "analysis.json": analysis.model_dump_json(indent=1) + "\n",
        "report.md": to_markdown(parts),
        "report.html": to_html(parts),
    }
    return [_replaced(folder / name, text) for name, text in texts.items()]


def _replaced(path: Path, text: str) -> Path:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def to_html(parts: list[Section], title: Note = TITLE, style: str = "") -> str:
    """One page for the browser; the reader chooses both languages or one. ``style`` is further CSS."""
    body = "".join(_html_section(part) for part in parts)
    return f"""<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{escape(title.ja)} / {escape(title.en)}</title><style>{_STYLE}{style}</style></head><body>
<input type="radio" name="language" id="two" checked><label for="two">日本語 + English</label>
<input type="radio" name="language" id="ja"><label for="ja">日本語</label>
<input type="radio" name="language" id="en"><label for="en">English</label>
<main><h1>{_both(title)}</h1>{body}</main></body></html>
"""


def _both(note: Note) -> str:
    if note.ja == note.en:
        return escape(note.ja)
    return (
        f'<span class="ja" lang="ja">{escape(note.ja)}</span> '
        f'<span class="en" lang="en">{escape(note.en)}</span>'
    )


def _html_section(part: Section) -> str:
    out = [f"<section><h2>{_both(part.title)}</h2>"]
    out += [f"<p>{_both(note)}</p>" for note in part.words]
    if part.points:
        out.append(f"<ul>{''.join(f'<li>{_both(note)}</li>' for note in part.points)}</ul>")
    out += [f"<figure>{chart}</figure>" for chart in part.charts]
    out += [_html_table(table) for table in part.tables]
    return "".join([*out, "</section>"])


def _html_table(table: Table) -> str:
    head = "".join(f'<th scope="col">{_both(note)}</th>' for note in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    caption = "" if table.folded else f"<caption>{_both(table.title)}</caption>"
    body = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    whole = f'<div class="scroll"><table>{caption}{body}</table></div>'
    return f"<details><summary>{_both(table.title)}</summary>{whole}</details>" if table.folded else whole


def to_markdown(parts: list[Section], title: Note = TITLE) -> str:
    """The same words and tables, without charts: Japanese first, then English."""
    out = [f"# {_slashed(title)}"]
    for part in parts:
        out.append(f"## {_slashed(part.title)}")
        for pick in _LANGUAGES:
            words = [_plain(pick(note)) for note in part.words]
            points = "\n".join(f"- {_plain(pick(note))}" for note in part.points)
            out += [*words, points] if points else words
        out += [_markdown_table(table) for table in part.tables]
    return "\n\n".join(out) + "\n"


_LANGUAGES: tuple[Callable[[Note], str], ...] = (lambda note: note.ja, lambda note: note.en)


def _slashed(note: Note) -> str:
    return _plain(note.ja if note.ja == note.en else f"{note.ja} / {note.en}")


def _markdown_table(table: Table) -> str:
    head = "| " + " | ".join(_slashed(note) for note in table.head) + " |"
    rule = "|---|" + "---:|" * (len(table.head) - 1)
    rows = ["| " + " | ".join(_plain(cell) for cell in row) + " |" for row in table.rows]
    return "\n".join([f"**{_slashed(table.title)}**", "", head, rule, *rows])


def _plain(text: str) -> str:
    """Labels come from a file: none may open a tag, end a cell or start a link."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{character}" if character in "\\`*_[]|" else character for character in text)

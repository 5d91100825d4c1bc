"""Adding documents in a real Chromium: a good file until its cited page is open, and a hostile one."""

from pathlib import Path

import pytest

from tests.browser.conftest import Open, Serve
from tests.service.pages.pdfs import SENTENCE, indexed, paper

pytestmark = pytest.mark.browser


def test_a_pdf_is_added_indexed_found_and_opened_at_its_page(
    watched: Open, serve: Serve, tmp_path: Path
) -> None:
    from tests.corpora.hostile import good_pdf

    index = indexed(tmp_path, other=good_pdf(1))
    config = tmp_path / "index.toml"
    config.write_text(config.read_text() + '[[corpus]]\npaths = ["up"]\noptional = true\n', encoding="utf-8")
    address = serve(
        index={"dir": index},
        jobs={"rebuild_config": config, "poll_s": 0.05},
        uploads={"dir": tmp_path / "up"},
    )
    opened = watched()
    page = opened.page

    def add(name: str, data: bytes) -> None:
        page.goto(f"{address}/documents")
        page.get_by_text("文書を追加").click()
        page.get_by_label("ファイル", exact=True).set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        )
        page.get_by_role("button", name="追加する").click()

    add("壊れた.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 100)
    page.get_by_role("heading", name="追加できませんでした").wait_for()
    opened.picture("upload-refused")
    assert "is no PDF or is damaged" in page.get_by_role("alert").inner_text()
    assert [path.name for path in (tmp_path / "up").iterdir()] == [".incoming"]
    assert any("422" in fault for fault in opened.faults)  # the console tells the status
    opened.faults.clear()

    add("手順.pdf", paper())
    page.get_by_role("heading", name="追加しました").wait_for()
    opened.picture("upload-taken")
    page.get_by_role("button", name="索引を作り直す").click()
    page.get_by_text("完了").first.wait_for(timeout=60_000)
    page.goto(f"{address}/search?q=クレアチニン")
    page.locator(".hits a").first.click()
    assert SENTENCE in page.locator(".passage .text").inner_text()
    page.get_by_role("link", name="PDFの該当ページを開く").click()
    page.locator("#pdf[data-shown]").wait_for(timeout=30_000)
    assert page.locator(".sheet .box").count() >= 1

"""The viewer of PDFs in a real Chromium: the right page, the box over the text, nothing from elsewhere."""

import json
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open, Serve
from tests.service.pages.pdfs import SENTENCE, indexed, paper

pytestmark = pytest.mark.browser

A4 = (595.2756, 841.8898)

INK = """() => {
  const canvas = document.querySelector('#pdf-canvas'), box = document.querySelector('.sheet .box');
  const {width, height, data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const ratio = canvas.width / canvas.clientWidth;
  const outer = canvas.getBoundingClientRect(), inner = box.getBoundingClientRect();
  const [left, right] = [inner.left, inner.right].map((x) => (x - outer.left) * ratio);
  const [top, bottom] = [inner.top, inner.bottom].map((y) => (y - outer.top) * ratio);
  let within = 0, without = 0;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    if (data[4 * (y * width + x)] > 128) continue;
    if (x >= left && x <= right && y >= top && y <= bottom) within++; else without++;
  }
  return [within, without];
}"""


def shown(page: Page, number: int) -> None:
    page.locator(f'#pdf[data-shown="{number}"]').wait_for(timeout=30_000)


def cited(address: str, doc_id: str) -> dict[str, object]:
    """The passage that holds the sentence, from the API."""
    with httpx.Client(base_url=address, trust_env=False) as client:
        document = client.get(f"/api/v1/documents/{doc_id}").json()
    found: dict[str, object] = next(one for one in document["items"] if SENTENCE in one["text"])
    return found


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_box_lies_over_the_cited_text_of_the_right_page(
    watched: Open, serve: Serve, tmp_path: Path, rotation: int
) -> None:
    index = indexed(tmp_path, paper=paper(rotation))
    address = serve(index={"dir": index}, jobs={"rebuild_config": tmp_path / "index.toml"})
    passage = cited(address, "paper.pdf")
    text = str(passage["text"])
    opened = watched()
    page = opened.page
    begin = text.index(SENTENCE)
    where = f"/passages/{quote(str(passage['passage_id']), safe='')}"
    page.goto(f"{address}{where}?start={begin}&end={begin + len(SENTENCE)}")
    page.get_by_role("link", name="PDFの該当ページを開く").click()
    shown(page, 2)
    opened.picture(f"pdf-viewer-{rotation}")
    within, without = page.evaluate(INK)
    assert within > 500
    assert without == 0
    if rotation == 0:
        boxes = json.loads(page.locator("#pdf").get_attribute("data-boxes") or "")
        (place,) = boxes
        left, bottom, right, top = place["box"]
        assert left == pytest.approx(100, abs=3)
        sheet = page.locator("#pdf-canvas").bounding_box()
        drawn = page.locator(".sheet .box").bounding_box()
        assert sheet is not None
        assert drawn is not None
        scale = sheet["width"] / A4[0]
        border = 3
        assert drawn["x"] + border - sheet["x"] == pytest.approx(left * scale, abs=1.5)
        assert drawn["y"] + border - sheet["y"] == pytest.approx((A4[1] - top) * scale, abs=1.5)
        assert drawn["width"] - 2 * border == pytest.approx((right - left) * scale, abs=1.5)
        assert drawn["height"] - 2 * border == pytest.approx((top - bottom) * scale, abs=1.5)
    assert "投与を中止" in page.locator("#pdf-text").inner_text().replace(" ", "")  # for screen readers


def test_pages_are_turned_and_enlarged_by_buttons_and_by_keys(
    watched: Open, serve: Serve, tmp_path: Path
) -> None:
    index = indexed(tmp_path, paper=paper())
    address = serve(index={"dir": index}, jobs={"rebuild_config": tmp_path / "index.toml"})
    page = watched().page
    page.goto(f"{address}/viewer/paper.pdf")
    shown(page, 1)
    assert page.get_by_role("button", name="前のページ").is_disabled()
    assert page.locator(".sheet .box").count() == 0
    page.get_by_role("button", name="次のページ").click()
    shown(page, 2)
    page.keyboard.press("ArrowRight")
    shown(page, 3)
    assert page.get_by_role("button", name="次のページ").is_disabled()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    shown(page, 2)
    page.get_by_label("ページ", exact=True).fill("1")
    page.keyboard.press("Enter")
    shown(page, 1)
    width = page.locator("#pdf-canvas").bounding_box()
    page.get_by_role("button", name="拡大").click()
    page.wait_for_function("document.querySelector('#pdf-zoom').textContent === '125%'")
    larger = page.locator("#pdf-canvas").bounding_box()
    assert width is not None
    assert larger is not None
    assert larger["width"] == pytest.approx(width["width"] * 1.25, rel=0.01)
    assert page.get_by_role("img", name="ページ 1 / 3").count() == 1


def test_a_telephone_sees_whole_lines(watched: Open, serve: Serve, tmp_path: Path) -> None:
    index = indexed(tmp_path, paper=paper())
    address = serve(index={"dir": index}, jobs={"rebuild_config": tmp_path / "index.toml"})
    opened = watched(viewport={"width": 360, "height": 740}, device_scale_factor=3)
    opened.page.goto(f"{address}/viewer/paper.pdf?page=2")
    shown(opened.page, 2)
    opened.picture("pdf-viewer-telephone")
    assert opened.page.evaluate("document.documentElement.scrollWidth <= 360")
    size = opened.page.locator("#pdf-canvas").bounding_box()
    assert size is not None
    assert size["width"] <= 360


def test_without_scripts_the_file_and_the_text_are_a_click_away(
    watched: Open, serve: Serve, tmp_path: Path
) -> None:
    index = indexed(tmp_path, paper=paper())
    address = serve(index={"dir": index}, jobs={"rebuild_config": tmp_path / "index.toml"})
    page = watched(java_script_enabled=False).page
    page.goto(f"{address}/viewer/paper.pdf?page=2")
    assert not page.locator("#pdf").is_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="元のファイルを保存する").click()
    assert saved.value.suggested_filename == "paper.pdf"


def test_what_cannot_be_shown_says_so(watched: Open, serve: Serve, tmp_path: Path) -> None:
    index = indexed(tmp_path, paper=paper())
    address = serve(index={"dir": index}, jobs={"rebuild_config": tmp_path / "index.toml"})
    page = watched().page
    page.route("**/files/**", lambda route: route.fulfill(body=b"no PDF", content_type="application/pdf"))
    page.goto(f"{address}/viewer/paper.pdf")
    page.get_by_text("PDFを表示できません").wait_for(timeout=30_000)

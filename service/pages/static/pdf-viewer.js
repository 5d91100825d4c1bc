// Shows a PDF page by page, the cited place boxed. pdf.js draws; this module turns pages and lays the boxes.
const $ = (id) => document.getElementById(id);
const root = $("pdf");
const boxes = JSON.parse(root.dataset.boxes);
const ZOOMS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4];
const MOST_PIXELS = 16_000_000; // of a canvas: browsers on old machines draw no larger ones

let pdf = null;
let number = Number(root.dataset.page);
let zoom = ZOOMS.indexOf(1);
let drawing = null;
let turn = 0;

function say(text) {
  $("pdf-state").textContent = text;
}

async function open() {
  root.hidden = false;
  say(root.dataset.loading);
  try {
    const { getDocument, GlobalWorkerOptions } = await import("/static/pdfjs/pdf.min.mjs");
    GlobalWorkerOptions.workerSrc = "/static/pdfjs/pdf.worker.min.mjs";
    pdf = await getDocument({
      url: root.dataset.file,
      cMapUrl: "/static/pdfjs/cmaps/",
      cMapPacked: true,
      standardFontDataUrl: "/static/pdfjs/standard_fonts/",
      wasmUrl: "/static/pdfjs/wasm/",
      useWasm: false, // the content policy allows no WebAssembly
      isEvalSupported: false,
      enableXfa: false,
    }).promise;
    $("pdf-pages").textContent = String(pdf.numPages);
    $("pdf-number").max = String(pdf.numPages);
    await show(number, true);
  } catch (error) {
    console.warn(error);
    say(root.dataset.failed);
  }
}

/** Draw a page; the newest call wins. */
async function show(wanted, toBox = false) {
  if (!pdf) return;
  number = Math.min(Math.max(Math.trunc(wanted) || 1, 1), pdf.numPages);
  const mine = ++turn;
  $("pdf-number").value = String(number);
  $("pdf-previous").disabled = number === 1;
  $("pdf-next").disabled = number === pdf.numPages;
  $("pdf-zoom").textContent = `${Math.round(ZOOMS[zoom] * 100)}%`;
  const page = await pdf.getPage(number);
  if (mine !== turn) return;
  drawing?.cancel();
  // 100 % is the width of the window, so that a telephone shows whole lines.
  const natural = page.getViewport({ scale: 1 });
  const fitted = Math.min(($("pdf-scroll").clientWidth - 2) / natural.width, 1.6);
  const viewport = page.getViewport({ scale: fitted * ZOOMS[zoom] });
  const wish = window.devicePixelRatio || 1;
  const dense = Math.min(wish, Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height)));
  const canvas = $("pdf-canvas");
  canvas.width = Math.floor(viewport.width * dense);
  canvas.height = Math.floor(viewport.height * dense);
  canvas.style.width = $("pdf-sheet").style.width = `${viewport.width}px`;
  canvas.style.height = $("pdf-sheet").style.height = `${viewport.height}px`;
  canvas.setAttribute("aria-label", `${root.dataset.name} ${number} / ${pdf.numPages}`);
  lay(viewport, toBox);
  drawing = page.render({ canvas, viewport, transform: dense === 1 ? null : [dense, 0, 0, dense, 0, 0] });
  try {
    await drawing.promise;
  } catch (error) {
    if (error?.name === "RenderingCancelledException") return;
    throw error;
  }
  const content = await page.getTextContent();
  if (mine !== turn) return;
  $("pdf-text").textContent = content.items.map((item) => item.str + (item.hasEOL ? " " : "")).join("");
  say("");
  root.dataset.shown = String(number); // tests wait for it
}

/** The boxes of this page, from points of the page to pixels of the sheet. */
function lay(viewport, toBox) {
  const sheet = $("pdf-sheet");
  sheet.querySelectorAll(".box").forEach((box) => box.remove());
  for (const place of boxes.filter((one) => one.page === number)) {
    const [x0, y0, x1, y1] = viewport.convertToViewportRectangle(place.box);
    const box = document.createElement("div");
    box.className = "box";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", root.dataset.boxed);
    box.style.left = `${Math.min(x0, x1)}px`;
    box.style.top = `${Math.min(y0, y1)}px`;
    box.style.width = `${Math.abs(x1 - x0)}px`;
    box.style.height = `${Math.abs(y1 - y0)}px`;
    sheet.append(box);
  }
  if (toBox) sheet.querySelector(".box")?.scrollIntoView({ block: "center" });
}

function scale(step) {
  zoom = Math.min(Math.max(zoom + step, 0), ZOOMS.length - 1);
  show(number);
}

$("pdf-previous").addEventListener("click", () => show(number - 1));
$("pdf-next").addEventListener("click", () => show(number + 1));
$("pdf-smaller").addEventListener("click", () => scale(-1));
$("pdf-larger").addEventListener("click", () => scale(1));
$("pdf-go").addEventListener("submit", (event) => {
  event.preventDefault();
  show(Number($("pdf-number").value));
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
  if (event.key === "ArrowLeft" || event.key === "PageUp") show(number - 1);
  else if (event.key === "ArrowRight" || event.key === "PageDown") show(number + 1);
  else if (event.key === "+" || event.key === ";") scale(1); // ; is + without Shift on Japanese keyboards
  else if (event.key === "-") scale(-1);
  else return;
  event.preventDefault();
});
let resized = 0;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => show(number), 200);
});
open();

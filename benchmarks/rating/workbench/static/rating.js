// Every change is sent at once with an id made here. What could not be sent waits in this browser and is sent
// again with the same id, in order, so nothing is lost and nothing is counted twice.
const form = document.querySelector("#score");
const QUEUE = "jmedqa-unsent";
const queue = () => JSON.parse(localStorage.getItem(QUEUE) ?? "[]");
const keep = (events) => localStorage.setItem(QUEUE, JSON.stringify(events));
let sending = null;

function id() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function say(text, bad = false) {
  const state = document.querySelector("#state");
  if (state) { state.textContent = text; state.classList.toggle("unsaved", bad); }
}

async function send() {
  for (let first = queue()[0]; first; first = queue()[0]) {
    let reply;
    try {
      reply = await fetch("/api/scores", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(first) });
    } catch { reply = null; }
    if (reply?.status === 409 || reply?.status === 422) {  // refused for good: say why, do not block what follows
      const why = await reply.json();
      keep(queue().slice(1));
      say(why[document.documentElement.lang], true);
      return false;
    }
    if (!reply?.ok) { say(form?.dataset.unsaved ?? "", true); return false; }
    keep(queue().slice(1));
  }
  say(form?.dataset.saved ?? "");
  return true;
}

function flush() {  // one sender at a time, so that events arrive in the order they were made
  sending = (sending ?? Promise.resolve(true)).then(send);
  return sending;
}

function record(score) {
  const marked = [...document.querySelectorAll('.sentence[aria-pressed="true"]')];
  keep([...queue(), {
    event: id(),
    task: form.dataset.task,
    score,
    tags: [...form.querySelectorAll('[name="tag"]:checked')].map((box) => box.value),
    spans: marked.map((part) => [Number(part.dataset.start), Number(part.dataset.end)]),
  }]);
  show(score);
  say("");
  return flush();
}

const chosen = () => { const radio = form.querySelector('[name="score"]:checked'); return radio ? Number(radio.value) : null; };

function show(score) {
  const step = document.querySelector(".steps [aria-current]");
  if (step) step.textContent = score ?? "–";
}

async function leave(event) {  // what was typed is saved before the page is left
  const link = event.target.closest("a[href], form.close button");
  if (!link || queue().length === 0) return;
  event.preventDefault();
  if (await flush()) { if (link.href) location.assign(link.href); else link.form.requestSubmit(); }
}

function toggle(sentence) {
  sentence.setAttribute("aria-pressed", sentence.getAttribute("aria-pressed") === "true" ? "false" : "true");
  record(chosen());
}

function walk(by) {
  const all = [...document.querySelectorAll(".sentence")];
  const at = all.indexOf(document.activeElement);
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  for (const part of all) part.tabIndex = part === next ? 0 : -1;
  next?.focus();
}

if (form) {
  const open = form.dataset.closed === "no";
  const undo = () => { const radio = form.querySelector('[name="score"]:checked'); if (radio) { radio.checked = false; record(null); } };
  if (open) {
    form.addEventListener("change", () => record(chosen()));
    form.querySelector("#undo").addEventListener("click", undo);
    document.querySelector(".answer").addEventListener("click", (event) => { const part = event.target.closest(".sentence"); if (part) toggle(part); });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const key = event.key.normalize("NFKC").toLowerCase();
    const sentence = event.target.closest?.(".sentence");
    const score = form.querySelector(`[name="score"][value="${"012".includes(key) ? key : "x"}"]`);
    const tag = "qwer".includes(key) ? form.querySelectorAll('[name="tag"]')["qwer".indexOf(key)] : null;
    if (open && score) { score.checked = true; record(Number(key)); }
    else if (open && tag) { tag.checked = !tag.checked; record(chosen()); }
    else if (open && key === "u") undo();
    else if (open && sentence && ["m", "enter", " "].includes(key)) toggle(sentence);
    else if (key === "j" || key === "k") walk(key === "j" ? 1 : -1);
    else if (key === "n") document.querySelector("#next")?.click();
    else if (key === "p") document.querySelector("#previous")?.click();
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", leave);
}
if (queue().length) flush();
addEventListener("online", () => flush());
setInterval(() => { if (queue().length) flush(); }, 5000);

// The scripts of the pages: an answer as it comes, the reader beside it, copying. Without them every form still works.

const $ = (selector, within = document) => within.querySelector(selector);

/** Server-sent events of a POST: the browser's EventSource can only GET. Yields {event, data}. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    let end;
    while ((end = held.indexOf("\n\n")) >= 0) {
      const lines = held.slice(0, end).split("\n");
      held = held.slice(end + 2);
      const field = (name) => lines.find((line) => line.startsWith(name + ": "))?.slice(name.length + 2);
      const data = field("data");
      if (data) yield { event: field("event"), data: JSON.parse(data) };
    }
  }
}

/** HTML made and escaped by our own server. */
function put(target, html) {
  target.innerHTML = html;
  window.htmx?.process(target);
}

const form = $("#ask");
let running = null;

async function ask() {
  running?.abort();
  const mine = (running = new AbortController());
  const plan = $("#plan"), answer = $("#answer"), state = $("#state"), stop = $("#stop");
  keepEarlier();
  for (const part of [plan, answer, $("#understood")]) part.replaceChildren();
  state.textContent = form.dataset.thinking;
  stop.hidden = false;
  let finished = false;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "text/event-stream" },
      signal: mine.signal,
    });
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      if (response.headers.get("content-type")?.startsWith("text/html")) put(answer, await response.text());
      else answer.textContent = `${response.status} ${(await response.json()).detail ?? ""}`;
      finished = true;
      return;
    }
    for await (const { event, data } of events(response)) {
      if (event === "question") put($("#understood"), data.html);
      else if (event === "plan") put(plan, data.html);
      else if (event === "step") {
        const place = $(`#step-${data.number}`) ?? plan.appendChild(document.createElement("div"));
        put(place, data.html);
      } else if (event === "token") {
        let draft = $(".draft", answer);
        if (!draft) {
          draft = document.createElement("p");
          draft.className = "draft text";
          answer.append(draft);
        }
        draft.append(data.text);
      } else if (event === "answer" || event === "error") {
        put(answer, data.html);
        finished = true;
        if (data.id) follow(data.id);
      }
    }
    if (!finished) answer.append(note(form.dataset.stopped));
  } catch (error) {
    if (running === mine) answer.append(note(error.name === "AbortError" ? form.dataset.stopped : String(error)));
  } finally {
    if (running === mine) {
      running = null;
      stop.hidden = true;
      state.textContent = "";
    }
  }
}

/** The next question goes on from this answer, unless the reader says otherwise. */
function follow(id) {
  const box = $("#follow input");
  Object.assign(box, { value: id, checked: true, disabled: false });
  $("#follow").hidden = false;
  form.dataset.asked = $("#question").value;
}

/** The answer before stays at hand, by its address. */
function keepEarlier() {
  const id = $("#follow input").value;
  if (!id || !form.dataset.asked || $("#answer").childElementCount === 0) return;
  const link = document.createElement("a");
  link.href = `/answers/${encodeURIComponent(id)}`;
  link.textContent = form.dataset.asked;
  const kept = document.createElement("p");
  kept.className = "earlier";
  kept.append(link);
  $("#earlier").append(kept);
}

function note(text) {
  const made = document.createElement("p");
  made.className = "notice";
  made.setAttribute("role", "alert");
  made.textContent = text;
  return made;
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  // Enter while an input method composes only ends the composition; a question has lines, so Enter alone never sends.
  $("#question").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  $("#stop").addEventListener("click", () => running?.abort());
}

document.addEventListener("click", async (event) => {
  const copy = event.target.closest?.("[data-copy]");
  if (copy) {
    const source = $(copy.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.value);
    } catch {
      source.select(); // not allowed, or no secure context: plain HTTP in a ward
      document.execCommand("copy");
    }
    copy.textContent = copy.dataset.copied;
  }
  if (event.target.closest?.("[data-print]")) window.print();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "reader-body") return;
  const quote = $("#quote", event.detail.target);
  (quote ?? event.detail.target).scrollIntoView({ block: "center" });
  (quote ?? $("#reader")).focus({ preventScroll: true });
});
// Problems are pages too: show them where the passage would have been.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.isError && event.detail.target.id === "reader-body") {
    const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
    event.detail.serverResponse = $(".problem", page)?.outerHTML ?? "";
    event.detail.shouldSwap = true;
  }
});

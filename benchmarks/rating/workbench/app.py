"""The pages raters score on. They hold no system name: the sealed key is never opened here."""

import re
from importlib.resources import files
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool

from benchmarks.rating.workbench.creating import ADJUDICATOR
from benchmarks.rating.workbench.finishing import disagreements
from benchmarks.rating.workbench.store import TAGS, Event, Store, StudyError, Task
from benchmarks.rating.workbench.texts import EN, JA, Texts
from corpora import Frozen

COOKIE = "jmedqa_rater"
LANGUAGE = "jmedqa_rater_lang"
GUESSED = 10
"""Answers whose arm is guessed at the end."""

MAX_BODY = 100_000
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
_POLICY += "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a form sends Origin: null
    "Cache-Control": "no-store",
}

_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?]*\n*|[。！？!?\n]+")
_environment = Environment(
    loader=PackageLoader("benchmarks.rating.workbench"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Scored(Frozen):
    """What the page sends for one answer."""

    event: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{16,64}$")]
    task: Annotated[str, Field(max_length=64)]
    score: Annotated[int | None, Field(strict=True, ge=0, le=2)]
    tags: Annotated[tuple[str, ...], Field(max_length=8)] = ()
    spans: Annotated[tuple[tuple[int, int], ...], Field(max_length=200)] = ()


def create_app(store: Store) -> FastAPI:
    """The workbench of one study. Work on the database is done in threads, never on the event loop."""
    app = FastAPI(title="jmedqa rate", docs_url=None, redoc_url=None, openapi_url=None)
    static = str(files("benchmarks.rating.workbench").joinpath("static"))
    app.mount("/static", StaticFiles(directory=static))
    pages = _Pages(store)

    @app.middleware("http")
    async def guarded(request: Request, call_next: Any) -> Response:
        if request.method == "POST":
            sent = request.headers.get("origin")
            if sent is not None and urlsplit(sent).netloc != request.headers.get("host"):
                return JSONResponse({"ja": "送信元が違います。", "en": "Wrong origin."}, 403, HEADERS)
            length = request.headers.get("content-length", "")
            if not length.isdigit() or int(length) > MAX_BODY:
                return JSONResponse({"ja": "大きすぎます。", "en": "Too large."}, 413, HEADERS)
        response: Response = await call_next(request)
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(StudyError)
    async def refused(request: Request, error: StudyError) -> Response:
        return JSONResponse({"ja": error.ja, "en": error.en}, 409)

    @app.get("/t/{token}")
    def sign_in(token: str) -> Response:
        if store.signed_in(token) is None:
            return pages.page(JA, "sign_in.html", 403)
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", max_age=90 * 86_400)
        return response

    @app.get("/language/{name}")
    def language(name: str) -> Response:
        response = RedirectResponse("/", 303)
        response.set_cookie(LANGUAGE, "en" if name == "en" else "ja", httponly=True, samesite="strict")
        return response

    @app.get("/")
    def home(request: Request) -> Response:
        rater = _rater(store, request)
        return pages.home(rater, _texts(request)) if rater else pages.page(JA, "sign_in.html", 403)

    @app.get("/score/{position}")
    def score(request: Request, position: int) -> Response:
        rater = _rater(store, request)
        return pages.task(rater, position, _texts(request)) if rater else RedirectResponse("/", 303)

    @app.post("/api/scores", response_model=None)
    async def kept(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"ja": "JSONだけを受けます。", "en": "JSON only."}, 415)
        try:
            sent = Scored.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"ja": "評価の形が違います。", "en": "This is no score."}, 422)

        def work() -> Response:
            rater = _rater(store, request)
            if rater is None:
                return JSONResponse({"ja": "サインインが必要です。", "en": "Sign in first."}, 401)
            store.score(rater, Event(sent.event, sent.task, sent.score, sent.tags, sent.spans))
            return JSONResponse({"saved": sent.event})

        return await run_in_threadpool(work)

    @app.post("/close/{block}")
    def close(request: Request, block: int) -> Response:
        rater = _rater(store, request)
        if rater is None:
            return RedirectResponse("/", 303)
        store.close_block(rater, block)
        following = next((task.position for task in store.tasks(rater) if task.block == block + 1), None)
        return RedirectResponse("/" if following is None else f"/score/{following + 1}", 303)

    @app.get("/guess")
    def guess(request: Request) -> Response:
        rater = _rater(store, request)
        return pages.guess(rater, _texts(request)) if rater else RedirectResponse("/", 303)

    @app.post("/lock")
    async def lock(request: Request) -> Response:
        form = await request.form()
        sent = {name: str(value) for name, value in form.items()}

        def work() -> Response:
            rater = _rater(store, request)
            if rater is not None:
                if store.role(rater) != ADJUDICATOR and sent.keys() != {
                    t.answer for t in pages.sample(rater)
                }:
                    raise StudyError(
                        "すべての推測に答えてください。", "Answer every guess; 'cannot tell' is one."
                    )
                store.guess(rater, sent)
                store.lock(rater)
            return RedirectResponse("/", 303)

        return await run_in_threadpool(work)

    return app


class _Pages:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._questions: dict[str, str] = store.about("questions")

    def page(self, texts: Texts, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        html = _environment.get_template(template).render(t=texts, **values)
        return HTMLResponse(html, status)

    def home(self, rater: str, texts: Texts) -> Response:
        tasks = self._store.tasks(rater)
        blocks = [_block(list(own)) for _, own in groupby(tasks, key=lambda task: task.block)]
        following = next(
            (task.position + 1 for task in tasks if not task.closed and task.score is None), None
        )
        if following is None:
            following = next((task.position + 1 for task in tasks if not task.closed), None)
        people = self._store.raters("rater") | self._store.raters(ADJUDICATOR)
        return self.page(
            texts,
            "home.html",
            rater=rater,
            blocks=blocks,
            following=following,
            done=sum(task.closed or task.score is not None for task in tasks),
            total=len(tasks),
            locked=people[rater],
        )

    def task(self, rater: str, position: int, texts: Texts) -> Response:
        tasks = self._store.tasks(rater)
        block = self._store.open_block(rater)
        if not 1 <= position <= len(tasks) or tasks[position - 1].block > block:
            return RedirectResponse("/", 303)
        task = tasks[position - 1]
        own = [other for other in tasks if other.block == task.block]
        others = {found.answer: found.scores for found in disagreements(self._store)}
        adjudicating = self._store.role(rater) == ADJUDICATOR
        return self.page(
            texts,
            "task.html",
            task=task,
            own=own,
            findings=self._store.findings(task.case_id, task.stage),
            question=self._questions[task.question],
            sentences=sentences(task),
            tags=[(name, texts.tags[n]) for n, name in enumerate(TAGS)],
            unscored=sum(other.score is None for other in own),
            scores=others.get(task.answer, ()) if adjudicating else (),
            total=len(tasks),
            following=position + 1 if position < len(tasks) and tasks[position].block == task.block else None,
            before=position - 1 if position > 1 and tasks[position - 2].block == task.block else None,
        )

    def sample(self, rater: str) -> list[Task]:
        """Answers whose arm the rater guesses: spread over those scored, the same at every visit."""
        tasks = [task for task in self._store.tasks(rater) if not task.repeat]
        ranked = sorted(tasks, key=lambda task: task.task)
        return sorted(ranked[:GUESSED], key=lambda task: task.position)

    def guess(self, rater: str, texts: Texts) -> Response:
        tasks = self._store.tasks(rater)
        if not tasks or any(not task.closed for task in tasks):
            return RedirectResponse("/", 303)
        asked = [] if self._store.role(rater) == ADJUDICATOR else self.sample(rater)
        return self.page(texts, "guess.html", asked=asked, questions=self._questions)


def sentences(task: Task) -> list[tuple[int, int, str, bool]]:
    """Start, end, text and whether it is marked; together they are the whole answer."""
    found = [(m.start(), m.end(), m.group()) for m in _SENTENCE.finditer(task.text)]
    return [(start, end, text, (start, end) in task.spans) for start, end, text in found]


def _block(tasks: list[Task]) -> dict[str, Any]:
    return {
        "number": tasks[0].block + 1,
        "first": tasks[0].position + 1,
        "total": len(tasks),
        "done": sum(task.score is not None for task in tasks),
        "closed": tasks[0].closed,
    }


def _rater(store: Store, request: Request) -> str | None:
    return store.signed_in(request.cookies.get(COOKIE, ""))


def _texts(request: Request) -> Texts:
    return EN if request.cookies.get(LANGUAGE) == "en" else JA

"""What each table promises to whoever uses it."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from service.answers import Answer, Provenance
from service.errors import BadRequest
from service.questions import Question
from service.state import (
    IdempotencyBusy,
    IdempotencyConflict,
    Replay,
    Store,
    StoredAnswer,
    StoredKey,
    UnknownId,
    request_hash,
)
from service.state.idempotency import ABANDONED
from service.state.pruning import prune
from tests.service.state.conftest import MovedClock

T = TypeVar("T")
QUESTION = Question(text="高カリウム血症の初期対応は？")
ANSWER = Answer(
    text="グルコン酸カルシウムを静注する[E1]。",
    provenance=Provenance(strategy="single", generation="g", model="extractive", prompt_version="1"),
)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def saved(store: Store, owner: str = "ward") -> StoredAnswer:
    return run(store.answers.save(owner, QUESTION, ANSWER, made_by="0.1.0"))


def test_an_answer_is_kept_to_the_letter(store: Store, clock: MovedClock) -> None:
    kept = saved(store)
    found = run(store.answers.get(kept.answer_id, "ward"))
    assert found == kept
    assert Answer.model_validate(found.answer) == ANSWER
    assert Question.model_validate(found.question) == QUESTION
    assert found.created_at == clock.moment


def test_another_owners_answer_is_unknown(store: Store) -> None:
    kept = saved(store)
    with pytest.raises(UnknownId):
        run(store.answers.get(kept.answer_id, "other"))
    with pytest.raises(UnknownId):
        run(store.answers.delete(kept.answer_id, "other"))
    assert run(store.answers.page("other")).items == ()
    assert run(store.answers.get(kept.answer_id, None)) == kept
    run(store.answers.delete(kept.answer_id, "ward"))
    with pytest.raises(UnknownId):
        run(store.answers.get(kept.answer_id, None))


def test_pages_together_are_the_list_newest_first(store: Store, clock: MovedClock) -> None:
    kept = []
    for number in range(7):
        kept.append(saved(store).answer_id)
        clock.move(seconds=number % 2)  # some have the same time
    seen: list[str] = []
    cursor = None
    while True:
        page = run(store.answers.page("ward", limit=3, cursor=cursor))
        seen += [item.answer_id for item in page.items]
        saved(store, "ward2")  # what comes meanwhile moves nothing
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(kept)
    assert len(seen) == 7
    newest = run(store.answers.page("ward", limit=1)).items[0]
    assert seen[0] == newest.answer_id
    times = {item.answer_id: item.created_at for item in run(store.answers.page(None, limit=50)).items}
    assert [times[one] for one in seen] == sorted((times[one] for one in seen), reverse=True)


@pytest.mark.parametrize(
    "cursor", ["", "x", "~", "eA", "LTF-YQ", "あ", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwfmE"]
)
def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BadRequest):
        run(store.answers.page("ward", cursor=cursor))


def test_a_conversation_keeps_its_turns_in_order(store: Store, clock: MovedClock) -> None:
    made = run(store.conversations.create("ward"))
    answer = saved(store)
    for number, question in enumerate(["メトホルミンの禁忌は？", "では副作用は？"]):
        clock.move(minutes=1)
        run(
            store.conversations.add_turn(
                made.conversation_id,
                "ward",
                question=question,
                rewritten="メトホルミンの副作用は？" if number else None,
                answer_id=answer.answer_id if number else None,
            )
        )
    found, turns = run(store.conversations.get(made.conversation_id, "ward"))
    assert found.title == "メトホルミンの禁忌は？"
    assert found.updated_at == clock.moment
    assert [(turn.number, turn.question) for turn in turns] == [
        (1, "メトホルミンの禁忌は？"),
        (2, "では副作用は？"),
    ]
    assert turns[1].rewritten == "メトホルミンの副作用は？"
    run(store.answers.delete(answer.answer_id, "ward"))
    assert run(store.conversations.get(made.conversation_id, "ward"))[1][1].answer_id is None


def test_turns_that_come_at_once_all_get_in(store: Store) -> None:
    made = run(store.conversations.create("ward"))

    async def many() -> None:
        one = {"rewritten": None, "answer_id": None}
        await asyncio.gather(
            *(
                store.conversations.add_turn(made.conversation_id, "ward", question=str(number), **one)
                for number in range(20)
            )
        )

    run(many())
    turns = run(store.conversations.get(made.conversation_id, "ward"))[1]
    assert [turn.number for turn in turns] == list(range(1, 21))


def test_a_deleted_conversation_takes_its_answers_along(store: Store) -> None:
    made, answer, other = run(store.conversations.create("ward", "題")), saved(store), saved(store)
    run(
        store.conversations.add_turn(
            made.conversation_id, "ward", question="問", rewritten=None, answer_id=answer.answer_id
        )
    )
    with pytest.raises(UnknownId):
        run(store.conversations.delete(made.conversation_id, "other"))
    run(store.conversations.delete(made.conversation_id, "ward"))
    for gone in (
        store.conversations.get(made.conversation_id, None),
        store.answers.get(answer.answer_id, None),
    ):
        with pytest.raises(UnknownId):
            run(gone)
    assert run(store.answers.get(other.answer_id, "ward")) == other


def test_a_job_goes_from_queued_to_an_end_that_stays(store: Store, clock: MovedClock) -> None:
    job = run(store.jobs.create("admin", "index_rebuild", {"config": "index.toml"}))
    assert (job.status, job.finished) == ("queued", False)
    clock.move(seconds=1)
    assert run(store.jobs.start(job.job_id, 4321)).process_id == 4321
    assert run(store.jobs.report(job.job_id, {"passages": 10})).progress == {"passages": 10}
    assert [one.job_id for one in run(store.jobs.unfinished())] == [job.job_id]
    cancelled = run(store.jobs.finish(job.job_id, "cancelled"))
    assert (cancelled.status, cancelled.finished_at) == ("cancelled", clock.moment)
    assert run(store.jobs.finish(job.job_id, "succeeded", result={"generation": "g"})) == cancelled
    assert run(store.jobs.report(job.job_id, {"passages": 11})) == cancelled
    assert run(store.jobs.start(job.job_id, 1)) == cancelled
    assert run(store.jobs.unfinished()) == ()
    assert run(store.jobs.page()).items == (cancelled,)
    with pytest.raises(UnknownId):
        run(store.jobs.report("job_0", {}))


def test_feedback_belongs_to_an_answer_and_goes_with_it(store: Store) -> None:
    kept = saved(store)
    made = run(store.feedback.add(kept.answer_id, "ward", "wrong", claim=0, comment="用量が古い"))
    assert run(store.feedback.of_answer(kept.answer_id)) == (made,)
    with pytest.raises(UnknownId):
        run(store.feedback.add("ans_0", "ward", "helpful"))
    run(store.answers.delete(kept.answer_id, "ward"))
    assert run(store.feedback.page()).items == ()


def test_the_second_of_two_equal_requests_gets_the_reply_of_the_first(store: Store) -> None:
    first = request_hash("POST", "/api/v1/answers", b"{}")
    assert run(store.idempotency.begin("ward", "k1", first)) is None
    with pytest.raises(IdempotencyBusy):
        run(store.idempotency.begin("ward", "k1", first))
    run(store.idempotency.finish("ward", "k1", 200, {"ETag": '"1"'}, b"body"))
    replay = Replay(status=200, headers={"ETag": '"1"'}, body=b"body")
    assert run(store.idempotency.begin("ward", "k1", first)) == replay
    with pytest.raises(IdempotencyConflict):
        run(store.idempotency.begin("ward", "k1", request_hash("POST", "/api/v1/answers", b"{ }")))
    assert run(store.idempotency.begin("other", "k1", first)) is None


def test_of_requests_at_once_one_does_the_work(store: Store) -> None:
    first = request_hash("POST", "/a", b"")

    async def many() -> list[object]:
        begun = (store.idempotency.begin("ward", "k", first) for _ in range(10))
        return await asyncio.gather(*begun, return_exceptions=True)

    results = run(many())
    assert results.count(None) == 1
    assert sum(isinstance(result, IdempotencyBusy) for result in results) == 9


def test_an_abandoned_key_is_free_again(store: Store, clock: MovedClock) -> None:
    first, other = request_hash("POST", "/a", b"1"), request_hash("POST", "/a", b"2")
    run(store.idempotency.begin("ward", "k", first))
    run(store.idempotency.abandon("ward", "k"))
    assert run(store.idempotency.begin("ward", "k", other)) is None
    clock.moment += ABANDONED + timedelta(seconds=1)  # the server died with it
    assert run(store.idempotency.begin("ward", "k", first)) is None


def test_a_key_row_is_usable_until_it_is_revoked_or_expires(store: Store, clock: MovedClock) -> None:
    key = StoredKey(
        key_id="k1",
        name="病棟端末",
        secret_hash=b"h" * 32,
        scopes=("read", "ask"),
        rate_per_minute=None,
        created_at=clock.moment,
        expires_at=clock.moment + timedelta(days=1),
        revoked_at=None,
        used_at=None,
    )
    assert not store.keys.any_usable()
    store.keys.add(key)
    assert run(store.keys.find("k1")) == key
    assert store.keys.any_usable()
    clock.move(days=1)
    assert not store.keys.any_usable()
    run(store.keys.mark_used(key))
    revoked = store.keys.revoke("k1")
    assert (revoked.used_at, revoked.revoked_at) == (clock.moment, clock.moment)
    clock.move(days=1)
    assert store.keys.revoke("k1") == revoked
    assert store.keys.all() == (revoked,)
    with pytest.raises(UnknownId):
        store.keys.revoke("k2")
    assert run(store.keys.find("k2")) is None


def test_retention_deletes_what_is_old_and_nothing_else(store: Store, clock: MovedClock) -> None:
    old = saved(store)
    run(store.feedback.add(old.answer_id, "ward", "wrong"))
    talk = run(store.conversations.create("ward", "古い"))
    done, running = (run(store.jobs.create("a", "index_rebuild", {})) for _ in range(2))
    run(store.jobs.finish(done.job_id, "failed"))
    run(store.idempotency.begin("ward", "k", request_hash("POST", "/a", b"")))
    clock.move(hours=25)
    gone = run(prune(store.database, store.settings, clock()))
    assert gone == {"answers": 0, "conversations": 0, "jobs": 0, "idempotency": 1}
    clock.move(days=29)
    new = saved(store)
    gone = run(prune(store.database, store.settings, clock()))
    assert gone == {"answers": 1, "conversations": 1, "jobs": 0, "idempotency": 0}
    assert run(store.answers.page(None)).items == (new,)
    assert run(store.feedback.page()).items == ()
    with pytest.raises(UnknownId):
        run(store.conversations.get(talk.conversation_id, None))
    clock.move(days=61)
    assert run(prune(store.database, store.settings, clock()))["jobs"] == 1
    assert [job.job_id for job in run(store.jobs.page()).items] == [running.job_id]


def test_what_was_pruned_is_in_no_file(store: Store, clock: MovedClock) -> None:
    secret = Question(text="SECRET-CANARY-4711")
    run(store.answers.save("ward", secret, ANSWER, made_by="0"))
    clock.move(days=31)
    run(prune(store.database, store.settings, clock()))
    for file in store.settings.dir.iterdir():
        assert b"SECRET-CANARY-4711" not in file.read_bytes(), file

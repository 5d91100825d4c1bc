"""Questions that follow an answer: a conversation begins with the second question."""

from service.answers import Answer
from service.api.asking import AnswerView, Asked
from service.api.conversations import turn_of
from service.api.state import ServiceState
from service.conversing import rewriting
from service.pages.ask_form import AskForm
from service.security.principals import Principal
from service.state import Turn, UnknownId


async def asked_after(form: AskForm, caller: Principal, state: ServiceState) -> Asked:
    """The form's question, in the conversation of the answer it follows.

    Raises:
        BadRequest: If the form is not valid.
        UnknownId: If the answer it follows is not the caller's, or is gone.
    """
    request = form.asked()
    if not form.after:
        return Asked(request=request, owner=caller.owner)
    stored = await state.store.answers.get(form.after, caller.owner)
    before = AnswerView.model_validate(stored.answer)
    conversations = state.store.conversations
    conversation_id = before.conversation_id
    if conversation_id is None:
        conversation_id = (await conversations.create(caller.owner, before.asked[:200])).conversation_id
        await conversations.add_turn(
            conversation_id, caller.owner, question=before.asked, rewritten=None, answer_id=form.after
        )
    _, turns = await conversations.get(conversation_id, caller.owner)
    return Asked(
        request=request,
        owner=caller.owner,
        turns=tuple([await turn_of(turn, caller, state) for turn in turns[-rewriting.TURNS :]]),
        in_conversation=True,
        conversation_id=conversation_id,
    )


async def earlier_turns(answer: Answer, caller: Principal, state: ServiceState) -> tuple[Turn, ...]:
    """The turns before this answer in its conversation, oldest first."""
    if not isinstance(answer, AnswerView) or answer.conversation_id is None:
        return ()
    try:
        _, turns = await state.store.conversations.get(answer.conversation_id, caller.sees)
    except UnknownId:  # deleted meanwhile
        return ()
    numbers = [turn.number for turn in turns if turn.answer_id == answer.id]
    return tuple(turn for turn in turns if numbers and turn.number < numbers[0])

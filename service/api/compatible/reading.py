"""From a chat to a question."""

from typing import NamedTuple

from pydantic import ValidationError

from service.api.compatible.errors import ChatRefused, UnknownModel
from service.api.compatible.parameters import check_parameters
from service.api.compatible.schemas import ChatExtension, ChatMessage, ChatRequest
from service.api.schemas import QuestionRequest
from service.conversing.rewrite_prompt import Turn
from service.errors import TooLarge
from service.questions import MAX_QUESTION_CHARS, Question
from service.strategies import STRATEGIES, StrategyName

DEFAULT_MODEL = "jmedqa"
MODELS: dict[str, StrategyName | None] = {DEFAULT_MODEL: None} | {
    f"{DEFAULT_MODEL}-{name}": name for name in STRATEGIES
}
"""Served model ids, and the strategy each stands for; ``None`` is the server's default."""


class ReadChat(NamedTuple):
    """A chat as the service answers it.

    Attributes:
        earlier: The turns before the question, oldest first.
        left_aside: What had no effect.
    """

    asked: QuestionRequest
    earlier: tuple[Turn, ...]
    left_aside: tuple[str, ...]


def read_chat(chat: ChatRequest) -> ReadChat:
    """The question of a chat.

    Raises:
        ChatRefused: If it asks for something that is not done here.
        TooLarge: If the question is longer than the limit.
    """
    if chat.model not in MODELS:
        raise UnknownModel(
            f"このモデルはありません。{' / '.join(MODELS)} のいずれかを指定してください。",
            f"There is no such model: use one of {', '.join(MODELS)}.",
            param="model",
        )
    aside = check_parameters(chat.others)
    if chat.stream_options is not None and not chat.stream:
        raise ChatRefused(
            "stream_options は stream=true のときだけ使えます。",
            "stream_options goes with stream=true only.",
            param="stream_options",
        )
    texts = [_text(message, number) for number, message in enumerate(chat.messages)]
    if chat.messages[-1].role != "user":
        raise ChatRefused(
            "最後のメッセージは利用者(user)の質問としてください。",
            "The last message must be the user's question.",
            param=f"messages[{len(chat.messages) - 1}].role",
        )
    roles = tuple(
        f"messages[{number}] ({message.role})"
        for number, message in enumerate(chat.messages)
        if message.role in ("system", "developer")
    )
    extension = chat.jmedqa or ChatExtension()
    try:
        asked = QuestionRequest(
            question=texts[-1],
            choices=extension.choices,
            strategy=MODELS[chat.model],
            k=extension.k,
            max_steps=extension.max_steps,
            filters=extension.filters,
        )
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        if fault["type"] == "too_large":
            raise TooLarge("質問が長すぎます。", "The question is too long.") from None
        raise ChatRefused(
            f"最後のメッセージを質問として読めません({fault['msg']})。",
            f"The last message cannot be read as a question ({fault['msg']}).",
            param=f"messages[{len(chat.messages) - 1}].content",
        ) from None
    return ReadChat(asked, _turns(chat.messages[:-1], texts), (*aside, *roles))


def _text(message: ChatMessage, number: int) -> str:
    """The message's text; only text is read."""
    if message.role in ("tool", "function"):
        raise ChatRefused(
            "道具の呼び出しには対応していません。",
            "Tool calls are not supported.",
            param=f"messages[{number}].role",
        )
    if message.content is None:
        if message.role == "assistant":
            return ""
        raise ChatRefused(
            "メッセージに本文がありません。",
            "The message has no content.",
            param=f"messages[{number}].content",
        )
    if isinstance(message.content, str):
        return message.content
    for part in message.content:
        if part.type not in ("text", "refusal") or (part.type == "text" and part.text is None):
            raise ChatRefused(
                "文字だけを読めます。画像・音声・ファイルには対応していません。",
                "Only text can be read: no images, audio or files.",
                param=f"messages[{number}].content",
            )
    return "\n".join(part.text for part in message.content if part.text)


def _turns(messages: list[ChatMessage], texts: list[str]) -> tuple[Turn, ...]:
    """Each user message with the reply that follows it; one without a reply counts as unanswered."""
    turns: list[Turn] = []
    for message, text in zip(messages, texts, strict=False):
        if message.role == "user":
            try:
                turns.append(Turn(question=Question(text=text[:MAX_QUESTION_CHARS]).text))
            except ValidationError:  # nothing that can be read stands in it
                continue
        elif message.role == "assistant" and turns:
            answer = text.encode("utf-8", "replace").decode("utf-8")
            turns[-1] = Turn(question=turns[-1].question, answer=answer)
    return tuple(turns)

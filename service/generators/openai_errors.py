"""Translate the OpenAI client's exceptions, once and only here, into errors that carry the cure."""

import json

import openai

from service.errors import GenerationError, GenerationTimeout, GeneratorUnavailable, PromptRejected

CLIENT_ERRORS: tuple[type[Exception], ...] = (openai.OpenAIError, json.JSONDecodeError)
"""What the client lets out: its own errors, and a bare JSON error for a broken event of a stream."""


def translated(error: Exception, *, base_url: str, model: str | None) -> GenerationError:
    """Our error for the client's. The server's own words are not repeated: they can quote the prompt."""
    match error:
        case openai.APITimeoutError():
            return too_slow(base_url)
        case openai.APIConnectionError():
            return unreachable(base_url)
        case openai.NotFoundError():
            return GeneratorUnavailable(
                f"言語モデルのサーバーはモデル「{model}」を提供していません。generator.model を確かめるか、"
                "空にしてください(提供されているモデルを使います)。",
                f"The model server does not serve “{model}”. Check generator.model, or leave it unset to use "
                "the model that is served; generator.base_url must end in /v1.",
            )
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return GeneratorUnavailable(
                "言語モデルのサーバーが認証を拒みました。generator.api_key を確かめてください。",
                "The model server refused the key. Check generator.api_key.",
            )
        case openai.RateLimitError():
            return waiting(
                GeneratorUnavailable(
                    "言語モデルのサーバーが混み合っています。しばらくして再度お試しください。",
                    "The model server is overloaded (429). Try again shortly.",
                ),
                error,
            )
        case openai.BadRequestError() | openai.UnprocessableEntityError():
            return PromptRejected(
                "言語モデルのサーバーが要求を受け付けませんでした。質問と根拠がモデルの文脈長を"
                "超えている場合は limits.evidence_chars と limits.answer_tokens を下げてください。",
                "The model server rejected the request. If question and evidence exceed the model's context "
                "length, lower limits.evidence_chars and limits.answer_tokens.",
            )
        case openai.APIStatusError(status_code=413):
            return PromptRejected(
                "言語モデルのサーバーが要求を大きすぎるとして拒みました。"
                "limits.evidence_chars を下げてください。",
                "The model server refused the request as too large. Lower limits.evidence_chars.",
            )
        case openai.APIStatusError(status_code=status) if 300 <= status < 400:
            return not_the_protocol(
                base_url
            )  # where it leads to is not followed: prompts stay where they are
        case openai.APIStatusError(status_code=status):
            return waiting(
                GeneratorUnavailable(
                    f"言語モデルのサーバーがエラー(HTTP {status})を返しました。"
                    "サーバーのログを確かめてください。",
                    f"The model server answered HTTP {status}. Look at its log.",
                ),
                error,
            )
        case _:
            return not_the_protocol(base_url)


def unreachable(base_url: str) -> GeneratorUnavailable:
    """No connection, or one that broke."""
    return GeneratorUnavailable(
        f"言語モデルのサーバー({base_url})に接続できないか、応答が途中で切れました。"
        "起動しているか、generator.base_url が正しいかを確かめてください。",
        f"The model server ({base_url}) cannot be reached, or its reply was cut off. "
        "Check that it runs and that generator.base_url is right.",
    )


def broken_down(base_url: str) -> GeneratorUnavailable:
    """An error object in the stream: the engine died under the server."""
    return GeneratorUnavailable(
        f"言語モデルのサーバー({base_url})が応答の途中で異常終了しました。サーバーのログを確かめてください。",
        f"The model server ({base_url}) failed in the middle of its reply. Look at its log.",
    )


def too_slow(base_url: str) -> GenerationTimeout:
    """No first token, or no end, in time."""
    return GenerationTimeout(
        f"言語モデルのサーバー({base_url})が時間内に応答しませんでした。負荷を確かめるか、"
        "generator.first_token_timeout_s と generator.total_timeout_s を延ばしてください。",
        f"The model server ({base_url}) did not answer in time. Check its load, or raise "
        "generator.first_token_timeout_s and generator.total_timeout_s.",
    )


def not_the_protocol(base_url: str) -> GeneratorUnavailable:
    """Something answered, but not with a chat completion."""
    return GeneratorUnavailable(
        f"{base_url} の応答はOpenAI互換の形式ではありません。generator.base_url が /v1 で終わり、"
        "プロキシの画面などを指していないことを確かめてください。",
        f"{base_url} did not answer in the OpenAI format. Check that generator.base_url ends in /v1 and does "
        "not point at a proxy's page.",
    )


def cut_off(base_url: str) -> GeneratorUnavailable:
    """The stream ended without saying why."""
    return GeneratorUnavailable(
        f"言語モデルのサーバー({base_url})の応答が途中で終わりました。未完の回答は表示しません。",
        f"The reply of the model server ({base_url}) ended unfinished; a partial answer is not shown.",
    )


def never_ending(base_url: str) -> GeneratorUnavailable:
    """Far more than was asked for, and no end of it."""
    return GeneratorUnavailable(
        f"言語モデルのサーバー({base_url})の応答が、求めた長さを大きく超えても終わりません。"
        "サーバーのログを確かめてください。",
        f"The reply of the model server ({base_url}) does not end, far beyond the length asked for. "
        "Look at its log.",
    )


def waiting(unavailable: GeneratorUnavailable, error: openai.APIStatusError) -> GeneratorUnavailable:
    """With the server's own Retry-After, in whole seconds; a date is not read."""
    asked = error.response.headers.get("retry-after", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 6 and int(asked) > 0:
        unavailable.asked_to_wait_s = unavailable.retry_after_s = int(asked)
    return unavailable

"""Cut the model's thinking from its reply: only what follows it is an answer."""

import re

_TAGS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis"
_CLOSED = re.compile(rf"<({_TAGS})\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_LAST_CLOSE = re.compile(rf".*</(?:{_TAGS})\s*>", re.DOTALL | re.IGNORECASE)
_OPEN = re.compile(rf"<(?:{_TAGS})\b[^>]*>", re.IGNORECASE)
_BRACKETED = re.compile(r"(?:\[THINK\].*?\[/THINK\]|◁think▷.*?◁/think▷)", re.DOTALL)
_BRACKETED_OPEN = re.compile(r"\[THINK\]|◁think▷")
_HARMONY_FINAL = re.compile(r".*<\|channel\|>final<\|message\|>", re.DOTALL)
_HARMONY = re.compile(r"<\|channel\|>(?:analysis|commentary)")
_SPECIAL = re.compile(r"<\|[a-z_]+\|>|</s>|<end_of_turn>|<eos>")


def without_thinking(reply: str) -> str | None:
    """The reply after its think-blocks, or ``None`` where a block never ends: the answer was not reached.

    Text before a lone closing tag is thinking too: some chat templates put the opening tag into the prompt.
    """
    if _HARMONY_FINAL.match(reply):
        reply = _HARMONY_FINAL.sub("", reply)
    elif _HARMONY.search(reply):
        return None
    reply = _BRACKETED.sub("", _CLOSED.sub("", reply))
    reply = _LAST_CLOSE.sub("", reply)
    if _OPEN.search(reply) or _BRACKETED_OPEN.search(reply):
        return None
    return _SPECIAL.sub("", reply).strip()

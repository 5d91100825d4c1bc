"""Replies that decline to answer, and messages that stand in for a reply."""

import re

from benchmarks.parsing.folding import fold

_ABSTENTIONS = re.compile(
    r"""(?ix)
    n\s*/\s*a | none | null | unknown | uncertain | inconclusive | undetermined | indeterminate | not\s+sure
    | unclear | unanswerable | abstain | no\s+(?:definit(?:e|ive)\s+)?answer\b.* | none\s+of\s+(?:the|these).*
    | (?:it\s+|this\s+|that\s+|the\s+answer\s+|answer\s+)?(?:cannot|can't|can\s+not|could\s+not)\s+
      (?:be\s+)?(?:determine|answer|decide|establish|tell|say|know|identif|select|choose).*
    | (?:the\s+(?:correct\s+)?answer\s+(?:is\s+)?|answer\s+(?:is\s+)?|it\s+is\s+)?not\s+(?:enough|provided|listed
      |determinable|available|mentioned|specified|applicable|clear|known|found|given|stated|possible).*
    | insufficient.* | (?:there\s+is\s+)?(?:not\s+enough|insufficient|no)\s+(?:information|data|evidence)(?:\s+(?:(?:is|was)\s+)?(?:to|available|provided|given|for).*)?
    | (?:i\s+am|i'm|we\s+are)\s+(?:not\s+sure|unable|unsure|not\s+able|not\s+certain).*
    | (?:i|we)\s+(?:do\s+not|don't|cannot|can't|could\s+not|am\s+not\s+able\s+to)\s+(?:know|answer|determine|say|tell|decide|choose
      |provide|give|assist|help|make).*
    | (?:i'm\s+|i\s+am\s+)?(?:sorry|unable).* | unable\s+to.* | the\s+correct\s+answer\s+is\s+not\s+.*
    | (?:正解|解答|回答|答え|適切な選択肢|該当する選択肢|正しい選択肢|該当する?(?:もの)?|選択肢)?(?:は|が|に|の中に|の中には)?[^。、]{0,12}?
      (?:わか[らり]|分か[らり]|判断(?:でき|は?つか|がつか|不能|が難し|は難し)|回答(?:でき|を差し控|は差し控|を控|不能)|お答え(?:でき|し(?:かね|兼ね)|は?でき)
      |特定(?:でき|不能)|決められ|決定でき|断定でき|答えられ|選べ(?:ない|ません)|選択でき|提供でき|確定でき|計算でき|計算不能|求められ(?:ない|ません)|求めることができ)[^。]*
    | (?:正解|解答|回答|答え|該当(?:するもの)?|正しい(?:もの|選択肢))?(?:は|が)?(?:不明|無し|なし|該当なし|該当無し|ありません|存在しません|ない|未回答|無回答|保留)
      (?:です|である|だ|でした)?
    | (?:申し訳|恐れ入り|すみません|ごめん|恐縮)[^\n]* | (?:情報|資料|データ|根拠|記載|条件|画像)(?:が|は)?(?:不足|足り|不十分)[^\n]*
    | (?:いずれ|どれ)(?:の選択肢)?も(?:正しく|該当し|当てはまら|適切で)な?[^。]*
    """
)

_FILTERED = re.compile(
    r"(?i)the response was filtered|content management policy|\binternal server error\b|\brate limit (?:reached|exceeded)"
    r"|\b(?:502 bad gateway|503 service unavailable|504 gateway time-?out)\b|\bconnection (?:error|reset|refused)\b"
    r"|^\s*<!doctype html|^\s*<html"
)


def declines(segment: str) -> bool:
    """Whether a short text (a whole reply, a sentence, the value after 答え:) says nothing but that there is
    no answer."""
    sentences = [part.strip(" 。.、,!?\"'「」()[]\n") for part in re.split(r"。", fold(segment))]
    return any(sentences) and all(_ABSTENTIONS.fullmatch(part) for part in sentences if part)


def declines_in_part(text: str) -> bool:
    """Whether a reply that states no answer begins or ends by declining."""
    pieces = [piece for piece in re.split(r"[。\n]|(?<=[a-z])\.\s", text) if piece.strip()]
    return bool(pieces) and (declines(pieces[0]) or declines(pieces[-1]))


def is_failure_message(reply: str) -> bool:
    """Whether a gateway or filter wrote this text in the model's place. Only short texts are looked at."""
    return len(reply) < 1_000 and bool(_FILTERED.search(reply))

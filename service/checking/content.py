# ruff: noqa: E501  (a line of a table is a line)
"""The words of a sentence that carry its content, and how many of them another text has, too.

Read by kind of character, without a dictionary: runs of kanji, of katakana, and Latin words. Two ways of
saying one thing are levelled by a short table; what is not in it counts as another word, so that a claim
is rather left unverified than passed.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_SAME: tuple[tuple[str, str], ...] = (
    (r"静脈(?:内)?(?:に|へ)?(?:投与|注射)", "静注"),
    (r"筋肉(?:内)?(?:に|へ)?(?:投与|注射)", "筋注"),
    (r"皮下(?:に|へ)?注射", "皮下注"),
    (r"経口(?:で)?投与|服用|服薬|飲む|飲ん|飲み", "内服"),
    (r"使用|用い|使わ|使う|使い|使っ|与え|処方|投薬", "投与"),
    (r"始め|開始|スタート", "開始"),
    (r"やめ|止め|中断", "中止"),
    (r"くりかえ|繰り返|反復", "反復"),
    (r"減少|減っ|減る|少なくな", "減少"),
    (r"増加|増え", "増加"),
    (r"みられ|見られ|認め|生じ|現れ|起こ|起き|出現|呈す|呈し|きたす|来す|発現|発生", "出現"),
    (r"勧め|推奨|奨め", "推奨"),
    (r"血清カリウム値|血清カリウム濃度|血清K値|カリウム値", "血清カリウム"),
    (r"下げ|低下さ|低下", "低下"),
    (r"上げ|上昇さ|上昇", "上昇"),
    (r"抑え|とどめ|留め|保つ|保ち|維持", "維持"),
    (r"防ぐ|防止|予防", "予防"),
    (r"調べ|検査し|測定し|測り|測っ|測る|測定|計測", "測定"),
    (r"確かめ|確認", "確認"),
    (r"変える|替え|切り替え|変更", "変更"),
    (r"足す|加え|追加|併せて", "追加"),
    (r"およそ|概ね|おおむね", "約"),
    (r"疑わ|疑う|疑い|疑っ", "疑"),
    (r"避け|回避", "回避"),
    (r"妊娠中の(?:女性|患者)|妊娠している(?:女性|患者)|妊婦", "妊婦"),
    (r"こども|子ども|子供|小児", "小児"),
    (r"お年寄り|高齢の(?:患者|人)|高齢者", "高齢者"),
    (r"腎機能障害|腎機能低下|腎障害", "腎障害"),
    (r"肝機能障害|肝機能低下|肝障害", "肝障害"),
    (r"服用間隔|投与間隔", "投与間隔"),
    (r"再検査|再検", "再検"),
)
_SAME_RE = [(re.compile(pattern), word) for pattern, word in _SAME]
_LIGHT = re.compile(
    r"患者さん|患者|症例|場合|場面|際|うえ|必要に応じ|とき|時点|もの|こと|ため|目的|対象|対し|関し|おい|対する|一般|通常"
    r"|原則|以上|以下|未満|以内|以降|以後|以前|前後|程度|最大|最低|限度|上限|下限|約|超|行|用|言|述|例|者|人|方|間|等|際|時|側|点|為"
)
_KANJI, _KANA, _LATIN = "一-龥々〆", "ァ-ヴー", "a-zA-Zα-ωΑ-Ω"
_RUN = re.compile(
    rf"[{_KANJI}]+|[{_KANA}]{{2,}}|[{_LATIN}](?:[{_LATIN}0-9₀-₉⁰-⁹+]|-(?=[{_LATIN}0-9]))*"
    rf"|[0-9₀-₉⁰-⁹①-⑳]+[{_LATIN}0-9]*"
    r"|けいれん|めまい|むくみ|しびれ|ふるえ|かゆみ|うっ血|せん妄|てんかん|ぜん息|がん|たんぱく|よだれ|いびき|ほてり"
)
_ALL_KANJI = re.compile(rf"[{_KANJI}]+")
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "with",
        "without",
        "by",
        "and",
        "or",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "it",
        "its",
        "they",
        "them",
        "this",
        "that",
        "these",
        "those",
        "than",
        "then",
        "who",
        "whom",
        "whose",
        "which",
        "when",
        "while",
        "where",
        "if",
        "there",
        "have",
        "has",
        "had",
        "do",
        "does",
        "did",
        "will",
        "would",
        "should",
        "can",
        "could",
        "may",
        "must",
        "shall",
        "not",
        "no",
        "nor",
        "their",
        "his",
        "her",
        "our",
        "your",
        "whose",
        "per",
        "into",
        "over",
        "under",
        "about",
        "such",
        "very",
        "only",
        "same",
        "give",
        "gives",
        "given",
        "take",
        "takes",
        "taken",
        "receive",
        "receives",
        "received",
        "use",
        "used",
        "treat",
        "treated",
        "patient",
        "patients",
    ]
)
_SUFFIXES = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""))


@lru_cache(maxsize=1024)
def levelled_words(text: str) -> str:
    """``text`` with the other ways of saying one thing replaced by one of them."""
    for pattern, word in _SAME_RE:
        text = pattern.sub(word, text)
    return text


@lru_cache(maxsize=4096)
def runs(text: str) -> tuple[str, ...]:
    """The content words of levelled text without its quantities, in order, light words left out."""
    found: list[str] = []
    for run in _RUN.findall(_LIGHT.sub(" ", levelled_words(text))):
        if run[0].isascii() or not run[0].isalpha() or "α" <= run[0].lower() <= "ω":
            word = run.lower()
            if word not in _STOP:
                found.append(_stem(word))
        else:
            found.append(run)
    return tuple(found)


@lru_cache(maxsize=4096)
def units_of(run: str) -> tuple[str, ...]:
    """What of a word is looked up: neighbouring kanji in pairs, any other word whole."""
    if len(run) > 2 and _ALL_KANJI.fullmatch(run):
        return tuple(run[at : at + 2] for at in range(len(run) - 1))
    return (run,)


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """Everything the texts' words can be looked up by."""
    known: set[str] = set()
    for text in texts:
        for run in runs(text):
            known.update(units_of(run))
            known.add(run)
            if _ALL_KANJI.fullmatch(run):
                known.update(run)
    return frozenset(known)


def unknown(text: str, known: frozenset[str]) -> tuple[str, ...]:
    """The words of ``text`` that ``known`` does not hold; a compound is known by all its pairs."""
    return tuple(run for run in runs(text) if not all(unit in known for unit in units_of(run)))


def coverage(text: str, known: frozenset[str]) -> float:
    """The share of the text's words, weighed by what they are looked up by, that ``known`` holds; 1.0 if it has none."""
    wanted = [unit for run in runs(text) for unit in units_of(run)]
    return sum(unit in known for unit in wanted) / len(wanted) if wanted else 1.0


def _stem(word: str) -> str:
    if any(character.isdigit() for character in word):
        return word
    for suffix, instead in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4 and not word.endswith("ss"):
            word = word[: -len(suffix)] + instead
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word

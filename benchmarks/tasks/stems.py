"""What a stem asks for: the choice that is right, or the one that is wrong."""

import re

_NEGATIVE = re.compile(
    r"(?:誤っている|誤り|不適切|考えにくい|可能性が低い|ない)(?:の|もの|選択肢|組合せ)?(?:は|を)?"
    r"[^。]{0,8}(?:どれか|選べ|選びなさい|選択)"
    r"|\bEXCEPT\b|\bNOT\b"
    r"|(?i:\bleast likely\b|\bexcept\b|\bis (?:false|incorrect|not true)\b)"
    r"|(?i:\bincorrect (?:statement|option)\b)"
)


def asks_for_the_wrong_one(stem: str) -> bool:
    """Whether a reply that calls a choice wrong names its answer (誤っているのはどれか, EXCEPT)."""
    return bool(_NEGATIVE.search(stem))

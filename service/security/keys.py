"""What an API key looks like, and how one is checked.

``jmq_<12 hex>_<64 hex><8 hex>``: a prefix by which scanners recognise a leaked key, the id by which the row
is found, 256 random bits, and the CRC-32 of everything before it, which tells a typing error from a wrong key
without asking the database.

Only the sha256 of the key is kept. A slow hash (argon2, scrypt) protects what people can think of; nobody
guesses 256 random bits, so it would only give anyone who sends keys a way to keep the server busy
(NIST SP 800-63B, section 5.1.2.2: look-up secrets of 112 bits or more are hashed, weaker ones salted and
stretched).
"""

import hmac
import re
import secrets
from datetime import datetime
from hashlib import sha256
from zlib import crc32

from service.state import Scope, StoredKey

PREFIX = "jmq_"
_FORM = re.compile(r"jmq_([0-9a-f]{12})_[0-9a-f]{64}[0-9a-f]{8}")


def new_key(
    name: str,
    scopes: tuple[Scope, ...],
    *,
    created_at: datetime,
    expires_at: datetime | None = None,
    rate_per_minute: int | None = None,
) -> tuple[str, StoredKey]:
    """A new key, and the row that recognises it. The key itself can be had here and never again."""
    key_id = secrets.token_hex(6)
    body = f"{PREFIX}{key_id}_{secrets.token_hex(32)}"
    key = body + _checksum(body)
    row = StoredKey(
        key_id=key_id,
        name=name,
        secret_hash=_hash(key),
        scopes=scopes,
        rate_per_minute=rate_per_minute,
        created_at=created_at,
        expires_at=expires_at,
        revoked_at=None,
        used_at=None,
    )
    return key, row


def key_id_of(key: str) -> str | None:
    """The id in a well-formed key; ``None`` for anything else."""
    found = _FORM.fullmatch(key)
    if found is None or not hmac.compare_digest(_checksum(key[:-8]), key[-8:]):
        return None
    return found[1]


def is_key_of(key: str, row: StoredKey, moment: datetime) -> bool:
    """Whether ``key`` is the row's and may be used; in a time that does not depend on where they differ."""
    return hmac.compare_digest(_hash(key), row.secret_hash) and row.usable(moment)


def _hash(key: str) -> bytes:
    return sha256(key.encode()).digest()


def _checksum(body: str) -> str:
    return f"{crc32(body.encode()):08x}"

"""Client order ids: `at-<instance>-<intent><leg><attempt>`, made from the journal row and never used twice.

The prefix tells our orders from everybody else's, the instance tag those of this journal from another host's.
A client order id is no idempotency key at Binance: an id may be used again once its order has filled, so sending
twice with one id can buy twice. Ids serve to ask, not to retry.
"""

from __future__ import annotations

import base64
import hashlib
import re

PREFIX = "at-"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def instance_tag(seed: bytes) -> str:
    """Derive the four characters that name one journal."""
    return base64.b32encode(hashlib.sha256(seed).digest())[:4].decode().lower()


def client_order_id(instance: str, intent_id: int, leg: str, attempt: int) -> str:
    """Make the id of one attempt at one leg of one intent.

    >>> client_order_id("k3wq", 12, "p", 1)
    'at-k3wq-aaaaaaaaaaaamp1'
    """
    assert len(instance) == 4, instance
    assert intent_id > 0, intent_id
    assert 0 < attempt < 100_000, attempt  # 36 characters hold five digits
    return f"{PREFIX}{instance}-{_base32(intent_id, 13)}{leg}{attempt}"


def ours(text: str) -> bool:
    """Tell whether an order was made by atapi."""
    return text.startswith(PREFIX)


def instance_of(text: str) -> str | None:
    """Read the tag of the journal that made an id; None where it was not made by atapi."""
    return text[len(PREFIX) :].partition("-")[0] if ours(text) else None


def leg_of(text: str) -> str | None:
    """Read the letter of the leg out of an id; None where it was not made by atapi."""
    made = re.fullmatch(rf"{PREFIX}[a-z2-7]{{4}}-[a-z2-7]{{13}}([a-z])[0-9]+", text)
    return made[1] if made else None


def _base32(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 32)
        digits = _ALPHABET[rest] + digits
    assert number == 0
    return digits

"""Keys that were pasted where a line was meant: nothing is run, repeated or kept."""

from __future__ import annotations

import re

from atapi.errors import UsageError

# An API key or secret of Binance is 64 letters of both cases and digits; nothing else on a line comes near that.
_LONG = re.compile(r"[0-9A-Za-z]{40,}")
_PEM = "PRIVATE KEY-----"


def keylike(text: str) -> bool:
    """Tell whether a text holds what looks like an API key, a secret or a private key."""
    if _PEM in text:
        return True
    return any(_mixed(word) for word in _LONG.findall(text)) if len(text) >= 40 else False


def refuse_keys(text: str) -> None:
    """Refuse a line with a key in it, without repeating it.

    Raises:
        UsageError: It holds one.
    """
    if keylike(text):
        raise UsageError(
            "that line holds what looks like a key; it was not run and is not kept",
            hint="whoever saw it may use it: delete the key at the venue and make another",
        )


def _mixed(word: str) -> bool:
    return word != word.lower() and word != word.upper() and not word.isalpha()

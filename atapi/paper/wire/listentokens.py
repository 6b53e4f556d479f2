"""Listen tokens of the margin user stream: each opens one subscription, until it ends in real time."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from atapi.paper.records import Refusal

LONGEST_MS = 24 * 60 * 60 * 1000


class ListenTokens:
    """Which token is whose, until when."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._owners: dict[str, tuple[str, int]] = {}  # token -> account, end of its life

    def issue(self, account: str, life_ms: int | None) -> tuple[str, int]:
        """Make a token for so long, a day at most; it and its end."""
        now = self._clock_ms()
        self._owners = {token: owner for token, owner in self._owners.items() if owner[1] > now}
        end_ms = now + min(life_ms or LONGEST_MS, LONGEST_MS)
        token = secrets.token_urlsafe(32)
        self._owners[token] = (account, end_ms)
        return token, end_ms

    def redeem(self, token: str) -> tuple[str, int]:
        """Tell whose token it is and when it ends; refusal -1125 where it is unknown or has ended."""
        account, end_ms = self._owners.get(token, ("", 0))
        if end_ms <= self._clock_ms():
            raise Refusal(-1125, "This listenKey does not exist.")
        return account, end_ms

    def left_s(self, end_ms: int) -> float:
        """Tell how long it is until then."""
        return max(0, end_ms - self._clock_ms()) / 1000

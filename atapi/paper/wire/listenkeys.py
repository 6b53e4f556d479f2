"""Listen keys of a futures user stream: one a user, alive for an hour of real time after it was last asked for."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from atapi.paper.records import Refusal

LIFE_MS = 60 * 60 * 1000


class ListenKeys:
    """Which key is whose, until when."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._by_account: dict[str, str] = {}  # account -> key
        self._owners: dict[str, tuple[str, int]] = {}  # key -> account, end of its life

    def open(self, account: str) -> str:
        """Give the account its living key, extended, or a new one."""
        key = self._by_account.get(account)
        if key is None or self.owner(key) is None:
            key = secrets.token_hex(32)
            self._by_account[account] = key
        self._owners[key] = (account, self._clock_ms() + LIFE_MS)
        return key

    def extend(self, account: str) -> str:
        """Extend the account's living key; refusal -1125 where there is none."""
        key = self._by_account.get(account)
        if key is None or self.owner(key) is None:
            raise Refusal(-1125, "This listenKey does not exist.")
        return self.open(account)

    def close(self, account: str) -> str | None:
        """Forget the account's key; tells which it was."""
        key = self._by_account.pop(account, None)
        if key is not None:
            self._owners.pop(key, None)
        return key

    def owner(self, key: str) -> str | None:
        """Tell whose key it is; None where it is unknown or has expired."""
        account, end_ms = self._owners.get(key, ("", 0))
        return account if self._clock_ms() < end_ms else None

"""Listen keys of a futures user stream: one a user, alive for an hour of real time after it was last asked for."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from atapi.paper.records import Refusal

LIFE_MS = 60 * 60 * 1000
MS_PER_S = 1000


class ListenKeys:
    """Which key is whose, until when; who streams by a key is told when it ends."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._by_account: dict[str, str] = {}  # account -> key
        self._owners: dict[str, tuple[str, int]] = {}  # key -> account, end of its life
        self._watchers: dict[str, dict[int, Callable[[], None]]] = {}  # key -> number -> told of its end
        self._timers: dict[str, asyncio.TimerHandle] = {}  # key -> looks whether its life is over
        self._next = 0

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
        """End the account's key; tells which it was."""
        key = self._by_account.pop(account, None)
        if key is not None:
            self._owners.pop(key, None)
            self._end(key)
        return key

    def owner(self, key: str) -> str | None:
        """Tell whose key it is; None where it is unknown or has expired."""
        account, end_ms = self._owners.get(key, ("", 0))
        return account if self._clock_ms() < end_ms else None

    def accounts(self) -> list[str]:
        """List the accounts that have a key."""
        return list(self._by_account)

    def watch(self, key: str, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` when a living key ends; returns how to stop that."""
        number = self._next = self._next + 1
        self._watchers.setdefault(key, {})[number] = tell
        if key not in self._timers:
            self._look_later(key)

        def forget() -> None:
            watchers = self._watchers.get(key, {})
            watchers.pop(number, None)
            if not watchers:
                self._watchers.pop(key, None)
                self._stop(key)

        return forget

    # ------------------------------------------------------------------------------------------------------------
    def _look_later(self, key: str) -> None:
        left_ms = self._owners[key][1] - self._clock_ms()
        loop = asyncio.get_running_loop()
        self._timers[key] = loop.call_later(max(0, left_ms) / MS_PER_S, self._look, key)

    def _look(self, key: str) -> None:
        if self.owner(key) is not None:  # extended meanwhile
            self._look_later(key)
        else:
            self._end(key)

    def _end(self, key: str) -> None:
        self._stop(key)
        for tell in self._watchers.pop(key, {}).values():
            tell()

    def _stop(self, key: str) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

"""The rules that symbols trade by: the feed's, until somebody changes them for as long as this process runs.

A funding interval is a fact of history too: once changed it is kept, so that what was paid stays what is shown.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atapi.paper.effects import Effects
from atapi.paper.feeds.base import Catalogue, PerpetualRules
from atapi.paper.prices import HOUR
from atapi.paper.records import Refusal
from atapi.paper.store import Store

OWNER = "@rules"  # whose settings the changed intervals are
SINCE = "@"  # in the name of such a setting, between the symbol and when it changed
NEVER: list[tuple[int, int]] = []


class Rulebook:
    """Rules by market and symbol; the mappings are live.

    Args:
        now_ms: Intervals that were changed by an earlier process are the feed's again from here on.
    """

    def __init__(self, catalogue: Catalogue, store: Store, effects: Effects, now_ms: int) -> None:
        self._feeds = _by_market(catalogue)
        self._perpetuals: Mapping[str, PerpetualRules] = {**catalogue.um, **catalogue.cm}
        self._effects = effects
        self.version = 0  # rises with each changed interval
        self.catalogue = Catalogue(spot=dict(catalogue.spot), um=dict(catalogue.um), cm=dict(catalogue.cm))
        self._live = _by_market(self.catalogue)
        self._intervals: dict[str, list[tuple[int, int]]] = {}  # symbol -> since, hours, oldest first
        for owner, name, hours in store.settings():
            symbol, _, since = name.partition(SINCE)
            if owner == OWNER and symbol in self._perpetuals:
                insort(self._intervals.setdefault(symbol, []), (int(since), int(hours)))
        for symbol in sorted(self._intervals):
            self._set_interval(symbol, self._perpetuals[symbol].interval_hours, now_ms)

    def change(self, market: str, symbol: str, changes: Mapping[str, Any], now_ms: int) -> None:
        """Change rules of a symbol from now on; refusal -1102 for a step the book has no place for."""
        feeds = self._feeds[market][symbol]
        for name in ("tick_size", "lot_size"):
            if name in changes and changes[name] % getattr(feeds, name):
                raise Refusal(-1102, f"{name} must be a multiple of {getattr(feeds, name):f}")
        self._set(market, symbol, replace(self._live[market][symbol], **changes), now_ms)

    def restore(self, market: str, symbol: str, now_ms: int) -> None:
        """Let the feed's own rules hold again from now on."""
        self._set(market, symbol, self._feeds[market][symbol], now_ms)

    # --- funding intervals ----------------------------------------------------------------------------------
    def step_ms(self, symbol: str, at_ms: int) -> int:
        """Tell how long the funding interval is that begins or runs at a moment."""
        changes = self._intervals.get(symbol, NEVER)
        place = bisect_right(changes, at_ms, key=_since)
        hours = changes[place - 1][1] if place else self._perpetuals[symbol].interval_hours
        return hours * HOUR

    def changed_between(self, symbol: str, after_ms: int, before_ms: int) -> int | None:
        """Tell when an interval changed in after_ms < time < before_ms, first; None where it did not."""
        changes = self._intervals.get(symbol, NEVER)
        place = bisect_right(changes, after_ms, key=_since)
        return changes[place][0] if place < len(changes) and changes[place][0] < before_ms else None

    def _set(self, market: str, symbol: str, rules: Any, now_ms: int) -> None:
        self._live[market][symbol] = rules
        if symbol in self._perpetuals and market != "spot":
            self._set_interval(symbol, rules.interval_hours, now_ms)

    def _set_interval(self, symbol: str, hours: int, now_ms: int) -> None:
        if self.step_ms(symbol, now_ms) == hours * HOUR:
            return
        self.version += 1
        changes = self._intervals.setdefault(symbol, [])
        if changes and changes[-1][0] == now_ms:
            changes.pop()  # what was changed again at once never held
        changes.append((now_ms, hours))
        self._effects.setting(OWNER, f"{symbol}{SINCE}{now_ms}", str(hours))


def _by_market(catalogue: Catalogue) -> dict[str, Any]:
    return {"spot": catalogue.spot, "um": catalogue.um, "cm": catalogue.cm}


def _since(change: tuple[int, int]) -> int:
    return change[0]

"""The rules that symbols trade by: the feed's, until somebody changes them for as long as this process runs.

A funding interval is a fact of history too: once changed it is kept, so that what was paid stays what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atapi.paper.effects import Effects
from atapi.paper.feeds.base import Catalogue, PerpetualRules
from atapi.paper.prices import HOUR
from atapi.paper.records import Refusal
from atapi.paper.store import Store

OWNER = "@rules"  # whose settings the changed intervals are


class Rulebook:
    """Rules by market and symbol; the mappings are live.

    Args:
        now_ms: Intervals that were changed by an earlier process are the feed's again from here on.
    """

    def __init__(self, catalogue: Catalogue, store: Store, effects: Effects, now_ms: int) -> None:
        self._feeds = _by_market(catalogue)
        self._perpetuals: Mapping[str, PerpetualRules] = {**catalogue.um, **catalogue.cm}
        self._effects = effects
        self.catalogue = Catalogue(spot=dict(catalogue.spot), um=dict(catalogue.um), cm=dict(catalogue.cm))
        self._live = _by_market(self.catalogue)
        self._intervals: dict[str, list[tuple[int, int]]] = {}  # symbol -> since, hours; the feed's before
        for owner, symbol, kept in store.settings():
            if owner == OWNER and symbol in self._perpetuals:
                self._intervals[symbol] = [_change(word) for word in kept.split()]
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
        hours = self._perpetuals[symbol].interval_hours
        for since, changed in self._intervals.get(symbol, ()):
            if since <= at_ms:
                hours = changed
        return hours * HOUR

    def changed_between(self, symbol: str, after_ms: int, before_ms: int) -> int | None:
        """Tell when an interval changed in after_ms < time < before_ms, first; None where it did not."""
        changes = self._intervals.get(symbol, ())
        return next((since for since, _ in changes if after_ms < since < before_ms), None)

    def _set(self, market: str, symbol: str, rules: Any, now_ms: int) -> None:
        self._live[market][symbol] = rules
        if symbol in self._perpetuals and market != "spot":
            self._set_interval(symbol, rules.interval_hours, now_ms)

    def _set_interval(self, symbol: str, hours: int, now_ms: int) -> None:
        if self.step_ms(symbol, now_ms) == hours * HOUR:
            return
        changes = self._intervals.setdefault(symbol, [])
        changes.append((now_ms, hours))
        self._effects.setting(OWNER, symbol, " ".join(f"{hours}@{since}" for since, hours in changes))


def _by_market(catalogue: Catalogue) -> dict[str, Any]:
    return {"spot": catalogue.spot, "um": catalogue.um, "cm": catalogue.cm}


def _change(word: str) -> tuple[int, int]:
    hours, _, since = word.partition("@")
    return int(since), int(hours)

"""Orders that end at a time: good till a date, or canceled when their owner has been silent too long."""

from __future__ import annotations

from atapi.paper.accounts import Accounts
from atapi.paper.algo_book import AlgoBook
from atapi.paper.um_market import UmMarket

COUNTDOWN = "countdown."


class Deadlines:
    """A source of the timeline: expires and cancels orders on the exchange's clock."""

    def __init__(self, market: UmMarket, algos: AlgoBook, accounts: Accounts) -> None:
        self._market = market
        self._algos = algos
        self._accounts = accounts
        self._countdowns = {  # (account, symbol) -> when it is over
            (account, name.removeprefix(COUNTDOWN)): int(value)
            for account, name, value in accounts.settings_of(COUNTDOWN)
            if value != "0" and name.removeprefix(COUNTDOWN) in market.rules
        }

    def count_down(self, account: str, symbol: str, span_ms: int, now_ms: int) -> None:
        """Cancel an account's orders in a symbol after a while, unless called again; 0 calls it off."""
        self._set(account, symbol, now_ms + span_ms if span_ms else 0)

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell when the next one is over; what is overdue is over at once."""
        first = min(
            (*self._market.dated.values(), *self._algos.dated(), *self._countdowns.values()), default=None
        )
        if first is None or first > until_ms:
            return None
        return max(first, after_ms + 1)

    def happen(self, at_ms: int) -> None:
        """End what is over."""
        for order_id, until_ms in sorted(self._market.dated.items()):
            if until_ms <= at_ms:
                self._market.expire(order_id, None, at_ms)
        self._algos.expire_dated(at_ms)
        for (account, symbol), until_ms in sorted(self._countdowns.items()):
            if until_ms <= at_ms:
                self._market.cancel_all(account, symbol, at_ms)
                self._set(account, symbol, 0)

    def _set(self, account: str, symbol: str, until_ms: int) -> None:
        self._accounts.set(account, COUNTDOWN + symbol, str(until_ms))
        if until_ms:
            self._countdowns[account, symbol] = until_ms
        else:
            self._countdowns.pop((account, symbol), None)

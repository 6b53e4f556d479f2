"""When accounts fall short of maintenance margin.

Assumes: margin is looked at on whole seconds, at the mark; an account in multi-assets mode on whole minutes. An account
is warned once when its maintenance margin is 80 % of its margin balance, and again only after it was below that on a
whole minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.paper.effects import Effects
from atapi.paper.liquidator import Liquidator
from atapi.paper.lookout import Lookout, Range
from atapi.paper.prices import HOUR
from atapi.paper.records import PositionRecord
from atapi.paper.um_accounts import Pool, UmAccounts
from atapi.paper.views import PositionView

WARNED_FROM = Decimal("0.8")  # maintenance margin by margin balance


@dataclass(frozen=True, slots=True)
class MarginCall:
    """A warning."""

    account: str
    time_ms: int
    cross_wallet: Decimal | None  # None for an isolated position
    positions: tuple[PositionView, ...]


class Liquidations:
    """A source of the timeline: warns accounts, and closes what falls short."""

    def __init__(
        self, lookout: Lookout, accounts: UmAccounts, liquidator: Liquidator, effects: Effects
    ) -> None:
        self._lookout = lookout
        self._accounts = accounts
        self._liquidator = liquidator
        self._effects = effects
        self._warned: set[tuple[str, str]] = set()  # (account, pool)

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell when the next account falls short or is to be warned."""
        names = self._accounts.positions.accounts()
        if not names:
            return None

        def reached(open_ms: int, size_ms: int) -> bool | None:
            return self._could(names, open_ms, size_ms, until_ms)

        for moment in self._lookout.seconds(after_ms, until_ms, reached):
            if any(self._due(pool) for name in names for pool in self._accounts.pools(name, moment)):
                return moment
        return None

    def happen(self, at_ms: int) -> None:
        """Warn and liquidate, account by account."""
        for name in self._accounts.positions.accounts():
            pools = self._accounts.pools(name, at_ms)
            for pool in pools:
                if _in_danger(pool) and not self._was_warned(pool):
                    self._warn(pool, at_ms)
            if any(pool.failed for pool in pools):
                self._liquidator.liquidate(name, at_ms)
            after = self._accounts.pools(name, at_ms)
            in_danger = {(name, _name_of(pool)) for pool in after if _in_danger(pool)}
            self._warned = {key for key in self._warned if key[0] != name} | in_danger

    # ------------------------------------------------------------------------------------------------------------
    def _due(self, pool: Pool) -> bool:
        return pool.failed or _in_danger(pool) != self._was_warned(pool)

    def _warn(self, pool: Pool, now_ms: int) -> None:
        held = {(p.symbol, p.position_side) for p in pool.positions}
        views = self._accounts.views(pool.account, now_ms)
        shown = tuple(v for v in views if (v.position.symbol, v.position.position_side) in held)
        wallet = None if pool.isolated else pool.wallet
        self._effects.margin_call(MarginCall(pool.account, now_ms, wallet, shown))

    def _could(self, names: list[str], open_ms: int, size_ms: int, until_ms: int) -> bool | None:
        """Whether any account could fall short in a while, each of its positions at its own worst mark."""
        spans: dict[str, Range] = {}
        for symbol in self._accounts.positions.symbols():
            span = self._lookout.mark(symbol, open_ms, size_ms, until_ms)
            if span is None:
                return None
            spans[symbol] = span

        def worst(position: PositionRecord) -> Decimal:
            span = spans[position.symbol]
            return span.low if position.quantity > 0 else span.high

        for name in names:
            for pool in self._accounts.pools(name, open_ms, worst):
                if pool.failed or (_in_danger(pool) and not self._was_warned(pool)):
                    return True
        # Who was warned may recover, and what other assets are worth changes too: a minute's beginning is enough.
        loose = bool(self._warned) or any(map(self._accounts.modes.joined, names))
        return (size_ms == HOUR or None) if loose else False

    def _was_warned(self, pool: Pool) -> bool:
        return (pool.account, _name_of(pool)) in self._warned


def _in_danger(pool: Pool) -> bool:
    return bool(pool.positions) and pool.maintenance >= pool.balance * WARNED_FROM


def _name_of(pool: Pool) -> str:
    if not pool.isolated:
        return pool.assets[0] if len(pool.assets) == 1 else "*"
    position = pool.positions[0]
    return f"{position.symbol} {position.position_side}"

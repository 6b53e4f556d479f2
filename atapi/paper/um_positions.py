"""Positions of all accounts in all perpetuals: one by symbol, or a long and a short one in hedge mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from atapi.domain.numbers import ONE, to_ledger
from atapi.matching.positions import Holding, after_fill
from atapi.paper.effects import Effects
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.records import ZERO, PositionRecord
from atapi.paper.um_modes import BOTH, LONG, SHORT

Key = tuple[str, str]  # symbol, position side
SIDES = (BOTH, LONG, SHORT)  # in alphabetical order
NOBODY: Mapping[Key, PositionRecord] = {}


class UmPositions:
    """Open positions; what closes is forgotten here and kept flat in the store.

    Args:
        kept: Positions as they were kept, flat ones and those of other markets too.
    """

    def __init__(
        self, kept: Iterable[PositionRecord], rules: Mapping[str, PerpetualRules], effects: Effects
    ) -> None:
        self._rules = rules
        self._effects = effects
        self._held: dict[str, dict[Key, PositionRecord]] = {}  # account -> (symbol, side) -> position
        self._realized: dict[tuple[str, str, str], Decimal] = {}  # account, symbol, side -> profit so far
        for position in kept:
            if position.realized and position.symbol in rules:
                self._realized[position.account, position.symbol, position.position_side] = position.realized
            if position.quantity and position.symbol in rules:
                mine = self._held.setdefault(position.account, {})
                mine[position.symbol, position.position_side] = position

    def quantity(self, account: str, symbol: str, side: str = BOTH) -> Decimal:
        """Signed position, 0 where flat."""
        position = self.find(account, symbol, side)
        return ZERO if position is None else position.quantity

    def find(self, account: str, symbol: str, side: str = BOTH) -> PositionRecord | None:
        """Find an open position."""
        return self._held.get(account, {}).get((symbol, side))

    def of(self, account: str) -> list[PositionRecord]:
        """List an account's positions in the order of symbols and sides."""
        return [position for _, position in sorted(self._held.get(account, {}).items())]

    def legs(self, account: str, symbol: str) -> list[PositionRecord]:
        """List an account's positions in one symbol, in the order of sides."""
        mine = self._held.get(account)
        if not mine:
            return []
        return [position for side in SIDES if (position := mine.get((symbol, side))) is not None]

    def symbols_of(self, account: str) -> set[str]:
        """List symbols in which an account has a position."""
        return {symbol for symbol, _ in self._held.get(account, ())}

    def accounts(self) -> list[str]:
        """List accounts with positions, in order."""
        return sorted(self._held)

    def symbols(self) -> set[str]:
        """List symbols in which anybody has a position."""
        return {symbol for mine in self._held.values() for symbol, _ in mine}

    def in_symbol(self, symbol: str) -> Iterator[PositionRecord]:
        """Walk all accounts' positions in a symbol, in the order of accounts."""
        for account in self.accounts():
            yield from self.legs(account, symbol)

    def isolated_margin(self, account: str, asset: str) -> Decimal:
        """Sum of what stands for single positions of one margin asset."""
        put_aside = ZERO
        for position in self._held.get(account, NOBODY).values():
            if position.margin and self._rules[position.symbol].margin_asset == asset:
                put_aside += position.margin
        return put_aside

    def fill(
        self,
        account: str,
        symbol: str,
        side: str,
        quantity: Decimal,
        price: Decimal,
        now_ms: int,
        *,
        fee: Decimal = ZERO,
        leverage: int | None = None,
    ) -> Decimal:
        """Apply a fill of a signed quantity and its fee in the margin asset; the profit to post comes back.

        Assumes of the fee: what opens is charged with its share, what closes takes its share of the charge away.

        Assumes of isolated margin (`leverage` given): what opens brings its notional by the leverage from the cross
        balance; what closes gives back its share, and its profit or loss falls on the cross balance with it.
        """
        contract = self._rules[symbol].contract
        mine = self._held.setdefault(account, {})
        position = mine.get((symbol, side))
        if position is None:
            position = PositionRecord(
                account=account, symbol=symbol, position_side=side, isolated=leverage is not None
            )
            position.realized = self._realized.get((account, symbol, side), ZERO)
            mine[symbol, side] = position
        if position.isolated:
            assert leverage is not None
            position.margin = _isolated_margin(position, quantity, contract.value(ONE, price) / leverage)
        position.fees = _opening_fees(position, quantity, fee)
        before = Holding(position.quantity, position.cost, position.carry)
        holding, realized = after_fill(before, quantity, price, contract)
        position.quantity, position.cost, position.carry = holding
        if realized:
            position.realized += realized
            self._realized[account, symbol, side] = position.realized
        self._changed(position, now_ms)
        return realized

    def add_margin(self, position: PositionRecord, amount: Decimal, now_ms: int) -> None:
        """Change what an isolated position stands on; a negative amount goes back to the cross balance."""
        position.margin += amount
        self._changed(position, now_ms)

    def _changed(self, position: PositionRecord, now_ms: int) -> None:
        position.updated_ms = now_ms
        self._effects.position(position)
        if not position.quantity:
            mine = self._held[position.account]
            del mine[position.symbol, position.position_side]
            if not mine:
                del self._held[position.account]


def _opening_fees(position: PositionRecord, quantity: Decimal, fee: Decimal) -> Decimal:
    held, total = position.quantity, position.quantity + quantity
    if held * quantity >= 0:
        return position.fees + fee
    if total and (total > 0) == (held > 0):
        return to_ledger(position.fees * total / held)
    return to_ledger(fee * abs(total / quantity))  # closed whole; what goes through zero opens


def _isolated_margin(position: PositionRecord, quantity: Decimal, unit: Decimal) -> Decimal:
    held, total = position.quantity, position.quantity + quantity
    if held * quantity >= 0:
        return position.margin + to_ledger(abs(quantity) * unit)
    if (total > 0) == (held > 0) and total:
        return to_ledger(position.margin * total / held)
    return to_ledger(abs(total) * unit)  # closed whole; what goes through zero opens

"""What an audit found: balances, the records that explain them, and what the journal says of those records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.account import Wallet
from atapi.domain.numbers import ZERO, plain
from atapi.domain.orders import Fill
from atapi.domain.records import Key, Record, Term, trade_label

Where = tuple[Wallet, str]  # wallet, asset
Sums = dict[Where, Decimal]

CLOCKS = timedelta(seconds=5)  # our clock against the venue's
TRADING = (Term.FILLS, Term.FEES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Balances an audit starts from."""

    at: datetime
    balances: Sums
    known: bool  # noted then; else nothing, before the first record there is


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the journal says the spreads and single orders did, from some time on."""

    spreads: dict[int, list[Record]]  # spread id -> changes of balances
    orders: list[Record]
    moves: list[Record]  # transfers the guard made
    fills: list[Fill]

    @property
    def every(self) -> list[Record]:
        """All of them."""
        return [*self.orders, *(r for own in self.spreads.values() for r in own)]

    @property
    def keys(self) -> set[Key]:
        """By what the venue's records are found that they explain."""
        return {r.key for r in self.every}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Everything an audit found."""

    since: datetime
    opening: Sums
    closing: Sums
    records: list[Record]  # the venue's, in the span
    claims: Claims
    moved: list[Record]  # transfers the guard's notes explain
    foreign: list[Record]  # records nothing in the journal explains, transfers and deposits included
    mismatches: list[tuple[Fill, str]]  # fills of the journal that the venue tells otherwise, and how
    agreed: int  # fills of the journal that the venue tells alike
    notes: tuple[str, ...] = ()

    @property
    def differences(self) -> Sums:
        """What the venue's records leave unexplained; balances that are right are left out."""
        return unexplained(self.opening, self.closing, self.records)

    @property
    def balances(self) -> list[Where]:
        """Every balance there was, is, or that moved; wallet by wallet."""
        seen = {*self.opening, *self.closing, *((r.wallet, r.asset) for r in self.records)}
        order = list(Wallet)
        return sorted(seen, key=lambda where: (order.index(where[0]), where[1]))

    def change(self, asset: str) -> Decimal:
        """What all wallets together gained of an asset."""
        return _of_asset(self.closing, asset) - _of_asset(self.opening, asset)

    def explained(self, asset: str) -> Decimal:
        """What the journal and the foreign records together say they gained of it."""
        rows = (*self.foreign, *self.moved, *self.claims.every)
        return sum((r.amount for r in rows if r.asset == asset), ZERO)

    @property
    def faults(self) -> list[str]:
        """Every line that does not hold."""
        found = [
            f"{wallet} {asset} differs by {plain(left)} from the venue's records"
            for (wallet, asset), left in sorted(self.differences.items())
        ]
        found += [
            f"{asset} of all wallets differs by {plain(left)} from the journal"
            for asset in sorted({asset for _, asset in self.balances})
            if (left := self.change(asset) - self.explained(asset))
        ]
        return [*found, *(f"{trade_label(fill)}: {how}" for fill, how in self.mismatches)]


def total(records: Iterable[Record], onto: Sums | None = None) -> Sums:
    """Add records up by wallet and asset, onto balances where there are any."""
    sums: Sums = defaultdict(lambda: ZERO, onto or {})
    for record in records:
        sums[record.wallet, record.asset] += record.amount
    return dict(sums)


def unexplained(opening: Sums, closing: Sums, records: Iterable[Record]) -> Sums:
    """Tell what records leave unexplained of each balance; balances that are right are left out."""
    expected = total(records, opening)
    left = {where: closing.get(where, ZERO) - expected.get(where, ZERO) for where in {*closing, *expected}}
    return {where: amount for where, amount in left.items() if amount}


def moved_by(moves: Iterable[Record], records: Iterable[Record]) -> list[Record]:
    """Find the records of transfers that were noted: of the wallet, the asset and the amount, from their time on.

    A transfer has no id of ours, and each wallet lists it under a number of its own.
    """
    left = [r for r in records if r.term is Term.TRANSFERS]
    found = []
    for move in moves:
        same = (move.wallet, move.asset, move.amount)
        match = next(
            (r for r in left if (r.wallet, r.asset, r.amount) == same and r.at >= move.at - CLOCKS), None
        )
        if match is not None:
            left.remove(match)
            found.append(match)
    return found


def unclaimed(records: Sequence[Record], claims: Claims) -> list[Record]:
    """List the records that nothing in the journal explains.

    Margin tells what trading did to its wallet without the trades; there it is what is left of each asset.
    """
    ours = claims.keys
    found = [
        r for r in records if r.key not in ours and not (r.wallet is Wallet.MARGIN and r.term in TRADING)
    ]
    traded = [r for r in records if r.wallet is Wallet.MARGIN and r.term in TRADING]
    claimed = [r for r in claims.every if r.wallet is Wallet.MARGIN and r.term in TRADING]
    rest = unexplained(total(claimed), total(traded), ())
    at = max((r.at for r in traded), default=None)
    for (wallet, asset), amount in sorted(rest.items()):
        if at is not None:
            label = "trades not in the journal"
            found.append(
                Record(wallet=wallet, asset=asset, term=Term.FILLS, amount=amount, at=at, label=label)
            )
    return found


def differing(told: Fill, ours: Fill) -> str:
    """Name what the venue tells otherwise about a trade than the journal.

    Args:
        told: By the venue.
        ours: In the journal.
    """
    return ", ".join(
        f"{f.name} {_text(getattr(told, f.name))}, not {_text(getattr(ours, f.name))}"
        for f in fields(Fill)
        if getattr(told, f.name) != getattr(ours, f.name)
    )


def _of_asset(sums: Sums, asset: str) -> Decimal:
    return sum((amount for (_, held), amount in sums.items() if held == asset), ZERO)


def _text(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)

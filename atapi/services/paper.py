"""The embedded exchange's own verbs: look at it, move its clock, fund it, serve it to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import IO, Protocol

from atapi.clock import EPOCH
from atapi.domain.account import Income, Wallet
from atapi.domain.amounts import Amount
from atapi.domain.market import FundingRate
from atapi.domain.numbers import LEDGER_STEP, ZERO, to_ledger
from atapi.errors import UsageError
from atapi.exchanges.base import FuturesVenue
from atapi.exchanges.paper_admin import PaperStatus
from atapi.services.account import INCOME_KINDS, AccountService
from atapi.services.funding import whole_hours
from atapi.services.paper_accounts import PaperAccounts
from atapi.services.paper_faults import PaperFaults
from atapi.services.ratios import as_bps
from atapi.services.valuation import money
from atapi.table import Table, column


class PaperControl(Protocol):
    """The control path of an embedded exchange."""

    def status(self) -> PaperStatus:
        """Ask for its clock, feed, accounts and world."""
        ...

    def advance(self, span: timedelta) -> datetime:
        """Move its clock on, settle what falls due on the way, and tell the time it came to."""
        ...

    def deposit(self, wallet: Wallet, asset: str, amount: Decimal) -> None:
        """Give the account funds."""
        ...

    def reset(self) -> None:
        """Throw its world away and begin a new one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """One thing to know about the embedded exchange."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidFundingRow:
    """One funding the account received, or paid where negative."""

    time: datetime
    symbol: str
    rate_bp: Decimal | None = column(digits=4, signed=True)
    mark: Decimal | None
    position: Decimal  # signed, base asset; negative while short
    amount_usdt: Decimal = column(digits=8, signed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperService:
    """Controls the embedded exchange."""

    control: PaperControl
    futures: FuturesVenue
    account: AccountService
    accounts: PaperAccounts
    faults: PaperFaults
    server: Callable[[int, IO[str]], None]  # serves it to other programs until interrupted, saying where

    def status(self) -> Table:
        """Describe the exchange: its clock, what its prices are, who trades on it, where its state lives."""
        status = self.control.status()
        rows = [StatusRow(name="clock", value=_iso(status.now))]
        rows += [StatusRow(name=name, value=value) for name, value in status.details]
        return Table.of(rows, StatusRow)

    def advance(self, span: timedelta) -> Table:
        """Move the clock on, and list the fundings the account received on the way, oldest first.

        `amount_usdt` is `-position x mark x rate`: a short is paid where the rate is positive.
        """
        before = self.control.status().now
        held = {p.symbol: p.quantity for p in self.futures.positions()}
        after = self.control.advance(span)
        paid = [
            line
            for line in self.futures.income(kind=INCOME_KINDS["funding"], start=before, end=after)
            if before < line.at <= after
        ]
        rates = self._rates({line.symbol for line in paid}, before, after)
        rows = [self._paid_row(line, rates, held.get(line.symbol, ZERO)) for line in paid]
        total = sum((row.amount_usdt for row in rows), ZERO)
        counted = "1 funding" if len(rows) == 1 else f"{len(rows)} fundings"
        said = f"{counted}, {money(total, 'USDT')}" if rows else "no funding fell due on a position"
        return Table.of(
            rows,
            PaidFundingRow,
            index="time",
            empty=f"clock {_iso(after)}; {said}",
            notes=(f"clock {_iso(after)}; {said}",) if rows else (),
        )

    def deposit(self, amount: Amount, wallet: Wallet) -> Table:
        """Give the account funds and show the balance they made.

        Raises:
            UsageError: A share of something, or more decimals than the ledger has.
        """
        if amount.asset is None:
            raise UsageError("a deposit needs an asset", hint="paper deposit 1000usdt")
        if amount.value % LEDGER_STEP:
            raise UsageError(f"{money(amount.value, amount.asset)} has more than 8 decimals")
        self.control.deposit(wallet, amount.asset, amount.value)
        return self.account.balance(wallet=wallet)

    def reset(self) -> Table:
        """Throw the exchange's world away, begin a new one, and describe that."""
        self.control.reset()
        return self.status()

    def serve(self, out: IO[str], *, port: int | None = None) -> None:
        """Serve the exchange to other programs until interrupted: spot on the port, USD-M on the next one.

        Args:
            out: Where to write the addresses and a key, one `name: value` a line.
            port: Free ones where None.
        """
        self.server(port or 0, out)

    def _rates(
        self, symbols: set[str], start: datetime, end: datetime
    ) -> dict[tuple[str, datetime], FundingRate]:
        return {
            (symbol, _hour(rate.at)): rate
            for symbol in sorted(symbols)
            for rate in self.futures.funding_history(symbol, start=start, end=end, limit=1000)
        }

    def _paid_row(
        self, line: Income, rates: Mapping[tuple[str, datetime], FundingRate], held: Decimal
    ) -> PaidFundingRow:
        settled = rates.get((line.symbol, _hour(line.at)))
        lot = self.futures.instruments()[line.symbol].lot_size
        return PaidFundingRow(
            time=line.at,
            symbol=line.symbol,
            rate_bp=as_bps(settled.rate) if settled else None,
            mark=settled.mark_price if settled else None,
            position=position_paid(line.amount, settled, held, lot),
            amount_usdt=line.amount,
        )


def position_paid(amount: Decimal, settled: FundingRate | None, held: Decimal, lot_size: Decimal) -> Decimal:
    """Tell which position a funding was paid on.

    Args:
        amount: What was received, quote asset.
        settled: Rate and mark; None where the venue does not tell them.
        held: The position before the clock moved, signed: the answer wherever it explains the amount.
        lot_size: Where it does not, as after a liquidation, the position is worked back from the amount
            to this step.
    """
    if settled is None or settled.mark_price is None:
        return held
    per_unit = -settled.mark_price * settled.rate
    if not per_unit or abs(to_ledger(held * per_unit) - amount) <= LEDGER_STEP:
        return held
    return (amount / per_unit / lot_size).to_integral_value(ROUND_HALF_EVEN) * lot_size


def _hour(at: datetime) -> datetime:
    return EPOCH + whole_hours(at - EPOCH)


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"

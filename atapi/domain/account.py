"""What an account holds, pays and owes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from atapi.domain.numbers import ZERO


class Wallet(StrEnum):
    """A wallet of one account."""

    SPOT = "spot"
    MARGIN = "margin"
    FUTURES = "futures"  # USD-margined
    FUNDING = "funding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One asset in one wallet."""

    wallet: Wallet
    asset: str
    free: Decimal
    locked: Decimal
    owed: Decimal = ZERO  # borrowed, with its interest; margin alone

    @property
    def total(self) -> Decimal:
        """Free and locked together, less what is owed: negative where more is owed than held."""
        return self.free + self.locked - self.owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One open futures position."""

    symbol: str
    position_side: str  # BOTH in one-way mode, else LONG or SHORT
    quantity: Decimal  # signed, base asset
    entry_price: Decimal
    mark_price: Decimal
    liquidation_price: Decimal | None  # None where there is none
    leverage: Decimal | None  # None where the answer does not carry it
    initial_margin: Decimal  # quote asset
    maintenance_margin: Decimal  # quote asset
    unrealized: Decimal  # quote asset
    adl: int | None  # auto-deleveraging rank


@dataclass(frozen=True, slots=True, kw_only=True)
class FuturesAccount:
    """Totals of the futures wallet, in the quote asset."""

    wallet_balance: Decimal
    margin_balance: Decimal  # wallet balance and unrealised profit
    available: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    multi_assets: bool
    hedge_mode: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRates:
    """Fee rates of one symbol on one market, as fractions of notional."""

    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BnbDiscount:
    """Whether fees are paid in BNB, and what remains of them then."""

    spot: bool
    futures: bool
    spot_multiplier: Decimal = Decimal("0.75")
    futures_multiplier: Decimal = Decimal("0.90")


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """One line of the futures income history."""

    symbol: str  # "" where it belongs to none
    kind: str  # the venue's word: FUNDING_FEE, COMMISSION, REALIZED_PNL, TRANSFER …
    amount: Decimal  # signed
    asset: str
    at: datetime
    income_id: str
    trade_id: str | None = None  # of the fill it belongs to


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One move between two wallets of the account."""

    transfer_id: str
    asset: str
    amount: Decimal
    source: Wallet
    target: Wallet
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageBracket:
    """One tier of a perpetual's margin table."""

    notional_floor: Decimal
    notional_cap: Decimal
    leverage: int  # the most allowed here
    maintenance_rate: Decimal  # fraction of notional
    maintenance_offset: Decimal  # the venue's `cum`, quote asset

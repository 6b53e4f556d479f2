"""The arithmetic of the funding carry: short perpetual, long spot, exact decimals.

Costs and rates are fractions of one leg's notional. With unchanged books the basis cancels: what a round trip
costs is four fees and both bid-ask spreads; only a *change* of the basis is profit or loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from atapi.domain.numbers import ONE

YEAR = timedelta(days=365)  # perpetuals trade every day; not 252


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What opening and closing once costs, each term a fraction of one leg's notional."""

    spot_fees: Decimal  # in and out
    perp_fees: Decimal  # in and out
    spot_spread: Decimal  # (ask - bid) / mid of spot, paid once over the round trip
    perp_spread: Decimal  # (ask - bid) / mid of the perpetual
    impact: Decimal  # beyond the touch on all four orders, for the size in question

    @property
    def total(self) -> Decimal:
        """All terms together.

        >>> bp = Decimal("0.0001")
        >>> entry_tier = RoundTrip(spot_fees=20*bp, perp_fees=10*bp, spot_spread=bp, perp_spread=bp, impact=0*bp)
        >>> entry_tier.total / bp
        Decimal('32')
        """
        return self.spot_fees + self.perp_fees + self.spot_spread + self.perp_spread + self.impact


def break_even_intervals(cost: Decimal, rate: Decimal) -> int | None:
    """Count the fundings at this rate that pay back a round trip; None where it never does.

    Args:
        cost: Round trip, as a fraction of notional.
        rate: Expected funding per interval, as a fraction of notional.

    >>> break_even_intervals(Decimal("0.0032"), Decimal("0.0001"))  # 30 bp of fees, 2 bp of spreads, 1 bp per 8 h
    32
    >>> break_even_intervals(Decimal("0.0026"), Decimal("0.0001"))  # with BNB: 15 + 9 + 2
    26
    >>> break_even_intervals(Decimal("0.00206"), Decimal("0.0001"))  # maker on the perpetual: 15 + 3.6 + 2
    21
    """
    if rate <= 0:
        return None
    return int((cost / rate).to_integral_value(ROUND_CEILING))


def annualize(rate: Decimal, interval: timedelta) -> Decimal:
    """State a rate per interval as a simple yearly rate, by the symbol's own interval.

    >>> annualize(Decimal("0.0001"), timedelta(hours=8))
    Decimal('0.1095')
    >>> annualize(Decimal("0.0001"), timedelta(hours=4))
    Decimal('0.2190')
    """
    return rate * (YEAR // interval)


def fee_in_base(fee_rate: Decimal, *, paid_in_bnb: bool) -> Decimal:
    """Tell which fraction of a spot purchase the venue keeps in base asset."""
    return Decimal(0) if paid_in_bnb else fee_rate


def gross_up(quantity: Decimal, base_fee: Decimal) -> Decimal:
    """Tell how much to buy so that `quantity` is left after a fee taken in base asset.

    >>> gross_up(Decimal("0.999"), Decimal("0.001"))
    Decimal('1')
    """
    return quantity / (ONE - base_fee)


def basis(perp: Decimal, spot: Decimal) -> Decimal:
    """State the perpetual's premium over spot as a fraction of spot."""
    return (perp - spot) / spot


def liquidation_price(
    *,
    wallet: Decimal,
    quantity: Decimal,
    entry: Decimal,
    maintenance_rate: Decimal,
    maintenance_offset: Decimal,
) -> Decimal | None:
    """Price at which a one-way position is liquidated; None where there is none.

    Args:
        wallet: Balance that backs the position, less what other positions need, quote asset.
        quantity: Signed, base asset.
        entry: Mean entry price.
        maintenance_rate: Of the bracket that holds the notional, fraction.
        maintenance_offset: The bracket's `cum`, quote asset.

    Source: Binance, "How to calculate liquidation price of USD-margined contracts", one-way form.

    >>> liquidation_price(wallet=Decimal(10), quantity=Decimal(1), entry=Decimal(100),
    ...                   maintenance_rate=Decimal("0.01"), maintenance_offset=Decimal(0)).quantize(Decimal("0.001"))
    Decimal('90.909')
    """
    divisor = abs(quantity) * maintenance_rate - quantity
    if not divisor:
        return None
    price = (wallet + maintenance_offset - quantity * entry) / divisor
    return price if price > 0 else None

"""What holdings are worth in USDT: the one arithmetic that `balance` and `pnl` share.

Values are rounded once, to the ledger's eighth decimal and holding by holding, so that the difference of two
sums of values is exact wherever the holdings are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from atapi.domain.account import Balance, Wallet
from atapi.domain.numbers import ONE, ZERO, plain, to_ledger

NUMERAIRE = "USDT"  # what everything is valued in


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One asset in one wallet with its worth."""

    wallet: Wallet
    asset: str
    free: Decimal
    locked: Decimal
    owed: Decimal  # borrowed, with its interest; margin wallet only
    unrealized: Decimal  # profit of open positions, in this asset; futures wallet only
    price: Decimal | None  # USDT; None where the venue quotes none

    @property
    def total(self) -> Decimal:
        """Free and locked together, less what is owed, without unrealised profit."""
        return self.free + self.locked - self.owed

    @property
    def value(self) -> Decimal | None:
        """Worth in USDT, unrealised profit included; None where there is no price."""
        if self.price is None:
            return None
        return value_of(self.total, self.price) + value_of(self.unrealized, self.price)


def price_of(asset: str, prices: Mapping[str, Decimal]) -> Decimal | None:
    """Find an asset's price in USDT.

    Args:
        prices: Last prices by symbol, as the spot market quotes them.

    Returns:
        1 for USDT itself; None where no `…USDT` symbol has a price.
    """
    return ONE if asset == NUMERAIRE else prices.get(asset + NUMERAIRE)


def value_of(quantity: Decimal, price: Decimal) -> Decimal:
    """Value a quantity, to the ledger's last digit."""
    return to_ledger(quantity * price)


def value_holdings(
    balances: Iterable[Balance],
    prices: Mapping[str, Decimal],
    unrealized: Mapping[str, Decimal] = MappingProxyType({}),
) -> list[Holding]:
    """Put a price on every balance, and the profit of open positions on what the futures wallet holds.

    Args:
        balances: Any wallets' balances.
        prices: Last prices by spot symbol.
        unrealized: Profit of open positions by the asset it is in. One that the futures wallet does not hold
            gets a row of its own, so that nothing is lost.
    """
    listed = list(balances)
    margin = {held.asset for held in listed if held.wallet is Wallet.FUTURES}
    listed += [
        Balance(wallet=Wallet.FUTURES, asset=asset, free=ZERO, locked=ZERO)
        for asset, profit in unrealized.items()
        if profit and asset not in margin
    ]
    return [
        Holding(
            wallet=held.wallet,
            asset=held.asset,
            free=held.free,
            locked=held.locked,
            owed=held.owed,
            unrealized=unrealized.get(held.asset, ZERO) if held.wallet is Wallet.FUTURES else ZERO,
            price=price_of(held.asset, prices),
        )
        for held in listed
    ]


def equity(holdings: Iterable[Holding]) -> Decimal:
    """Sum what holdings are worth; those without a price count nothing."""
    return sum((row.value for row in holdings if row.value is not None), ZERO)


def money(value: Decimal, asset: str) -> str:
    """Write an amount for a message: two decimals at least, every digit there is.

    >>> money(Decimal("812.4"), "USDT"), money(Decimal("0.00001000"), "BTC")
    ('812.40 USDT', '0.00001 BTC')
    """
    text = plain(value)
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(2, '0')} {asset}" if asset == NUMERAIRE else f"{text} {asset}"

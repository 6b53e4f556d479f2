"""What trading costs this account: its own rates, and what remains of them where fees are paid in BNB."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.account import BnbDiscount, FeeRates
from atapi.domain.numbers import ONE, plain
from atapi.domain.spreads import Pair
from atapi.exchanges.base import FuturesVenue, SpotVenue, WalletVenue
from atapi.services.network import NetworkInfo
from atapi.services.ratios import as_percent

NO_DISCOUNT = BnbDiscount(spot=False, futures=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFees:
    """Fee rates of both legs, before the discount, and the discount."""

    spot: FeeRates
    perp: FeeRates
    discount: BnbDiscount

    @property
    def spot_taker(self) -> Decimal:
        """Taker rate on spot as it will be charged while BNB lasts."""
        return self.spot.taker * (self.discount.spot_multiplier if self.discount.spot else ONE)

    @property
    def perp_taker(self) -> Decimal:
        """Taker rate on the perpetual as it will be charged while BNB lasts."""
        return self.perp.taker * (self.discount.futures_multiplier if self.discount.futures else ONE)

    @property
    def round_trip(self) -> Decimal:
        """Four taker fees, as a fraction of one leg's notional."""
        return 2 * (self.spot_taker + self.perp_taker)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeReader:
    """Reads the account's own fee rates."""

    spot: SpotVenue
    futures: FuturesVenue
    wallets: WalletVenue | None  # None where the network has none; then there is no discount
    info: NetworkInfo

    def discount(self) -> BnbDiscount:
        """Tell where fees are paid in BNB."""
        return self.wallets.bnb_discount() if self.wallets else NO_DISCOUNT

    def of_pair(self, pair: Pair) -> PairFees | None:
        """Read both legs' rates; None where there is no key to read them with."""
        if not self.info.key:
            return None
        return PairFees(
            spot=self.spot.fee_rates(pair.spot.symbol),
            perp=self.futures.fee_rates(pair.perp.symbol),
            discount=self.discount(),
        )


def discount_note(discount: BnbDiscount) -> str:
    """Say how fees are paid, and what that saves.

    >>> discount_note(BnbDiscount(spot=True, futures=True))
    'fees are paid in BNB while there is some: 25% less on spot, 10% less on futures'
    >>> discount_note(NO_DISCOUNT)
    'fees are not paid in BNB'
    """
    parts = (
        ("spot", discount.spot, discount.spot_multiplier),
        ("futures", discount.futures, discount.futures_multiplier),
    )
    saved = [
        f"{plain(as_percent(ONE - left))}% less on {market}"
        for market, switched_on, left in parts
        if switched_on
    ]
    return (
        f"fees are paid in BNB while there is some: {', '.join(saved)}"
        if saved
        else "fees are not paid in BNB"
    )

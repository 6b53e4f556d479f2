"""What reverse carry asks of the margin wallet: what may be borrowed, what closing must buy, whether it was repaid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atapi.domain.account import BnbDiscount
from atapi.domain.amounts import Amount
from atapi.domain.margin import MarginAccount, MarginAsset
from atapi.domain.market import Depth
from atapi.domain.numbers import ONE, ZERO, ceil_to, plain
from atapi.domain.orders import Side
from atapi.domain.spreads import Pair, Spread, SpreadState
from atapi.errors import AtapiError, OutcomeUnknown, Refused, SpreadBroken, UsageError, VenueUnreachable
from atapi.exchanges.base import MarginVenue, SpotVenue, WalletVenue
from atapi.services.interest import InterestBook
from atapi.services.reverse_plan import Credit
from atapi.services.spread_plan import SpotExit, plan_leg


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentRow:
    """One repayment that was made."""

    id: str
    amount: Decimal
    asset: str
    left: Decimal  # still owed
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseService:
    """Knows the margin side of reverse spreads."""

    venue: MarginVenue | None
    spot: SpotVenue
    wallet: WalletVenue | None
    interest: InterestBook

    @property
    def margin(self) -> MarginVenue:
        """The margin market.

        Raises:
            Refused: The network has none.
        """
        self.check_network()
        assert self.venue is not None
        return self.venue

    def check_network(self) -> None:
        """Refuse where nothing can be borrowed.

        Raises:
            Refused: The network has no margin.
        """
        if self.venue is None:
            raise Refused(
                "this network has no margin: nothing can be borrowed on Binance's demo and testnet",
                hint="network paper, or mainnet",
            )

    def credit(self, pair: Pair, standing: Spread | None) -> Credit:
        """Read what the margin wallet holds and owes, and what may be borrowed at which rate."""
        base = pair.spot.base_asset
        return Credit(
            account=self.margin.account(),
            inventory=self.margin.inventory(base),
            allowed=self.margin.max_borrowable(base),
            hourly_rate=self.margin.hourly_rate(base),
            owed=ZERO if standing is None else self.interest.owed(standing),
        )

    def cover(
        self, spread: Spread, pair: Pair, part: Decimal, book: Depth, max_slippage: Decimal
    ) -> SpotExit:
        """Plan what is bought back when a part of the perpetual is closed.

        Args:
            part: Of the perpetual, its own unit.

        Raises:
            Refused: The book is too thin, or the margin wallet cannot pay.
        """
        account = self.margin.account()
        coins = self._coins(spread, pair, part, account.of(spread.base_asset))
        if not coins:
            return SpotExit(coins=ZERO, base_fee=ZERO, leg=None)
        fee = self._fee(pair, account, coins * book.asks[0].price if book.asks else ZERO)
        # An hour may begin before the order is executed: then its interest is gone too before the debt is.
        hour = self.margin.hourly_rate(spread.base_asset) if self.interest.in_coins(spread) else ZERO
        kept = fee + hour
        # Less than the least order cannot be bought; what is too much stays in the wallet.
        limit = plan_leg(pair.spot, Side.BUY, pair.spot.lot_size, book, ZERO, max_slippage).limit_price
        coins = max(coins, pair.spot.min_notional / limit * (ONE - kept))
        quantity = ceil_to(coins / (ONE - kept), pair.spot.lot_size)
        leg = plan_leg(pair.spot, Side.BUY, quantity, book, fee, max_slippage)
        free, needed = account.of(pair.spot.quote_asset).free, quantity * leg.limit_price
        if needed > free:
            quote = pair.spot.quote_asset
            raise Refused(
                f"margin has {free:.2f} {quote} free; {needed:.2f} {quote} is needed",
                hint=f"transfer {plain(ceil_to(needed - free, ONE))}{quote.lower()} spot margin",
            )
        return SpotExit(coins=coins, base_fee=kept, leg=leg)

    def settle(self, spread: Spread) -> None:
        """See that a closed spread owes nothing, and repay what coins that are left can.

        Raises:
            SpreadBroken: More than dust is still owed.
            OutcomeUnknown: The venue could not be asked.
        """
        try:
            self._settle(spread)
        except VenueUnreachable as e:
            raise OutcomeUnknown(
                f"#{spread.spread_id} is closed; whether margin still owes {spread.base_asset} could not be asked:"
                f" {e.message}",
                hint="balance --wallet margin",
            ) from e

    def _settle(self, spread: Spread) -> None:
        base = spread.base_asset
        held = self.margin.account().of(base)
        amount = min(held.owed, held.free)
        if amount > 0:
            self.margin.repay(base, amount)
            held = self.margin.account().of(base)
        if held.owed >= self.spot.instruments()[spread.spot_symbol].lot_size:
            raise SpreadBroken(
                f"#{spread.spread_id} is closed, but margin still owes {plain(held.owed)} {base}",
                hint=f"transfer {plain(held.owed)}{base.lower()} spot margin; repay {plain(held.owed)}{base.lower()}",
            )

    def told(self, spread: Spread) -> list[str]:
        """Tell what interest a spread cost, and what the venue says is owed and left of its coin."""
        base, closed = spread.base_asset, spread.state is SpreadState.FLAT
        try:
            held = self.margin.account().of(base)
        except AtapiError as e:
            return [f"what margin owes could not be asked: {e.message}; balance --wallet margin"]
        lines = [f"interest: {self._interest_words(spread)}"]
        if held.owed:
            what = f"margin {'still ' if closed else ''}owes {plain(held.owed)} {base}"
            lines.append(f"{what}: repay {plain(held.owed)}{base.lower()}" if closed else what)
        else:
            lines.append(f"repaid: margin owes no {base}")
        if held.free:
            lines.append(f"left in margin: {plain(held.free)} {base}")
        return lines

    # --- repaying by hand ---------------------------------------------------------------------------------------
    def plan_repayment(self, amount: Amount) -> tuple[str, Decimal]:
        """Check what is to be repaid; tell the asset and the quantity.

        Raises:
            UsageError: The amount names no asset.
            Refused: Less is owed, or less is free.
        """
        asset = amount.asset
        if asset is None:
            raise UsageError("repay needs an amount of an asset, not a share", hint="repay 0.01btc")
        held = self.margin.account().of(asset)
        if amount.value > held.owed:
            raise Refused(f"margin owes {plain(held.owed)} {asset}", hint="balance --wallet margin")
        if amount.value > held.free:
            short = amount.value - held.free
            raise Refused(
                f"margin has {plain(held.free)} {asset} free; {plain(amount.value)} {asset} is needed",
                hint=f"transfer {plain(short)}{asset.lower()} spot margin",
            )
        return asset, amount.value

    def repay(self, asset: str, quantity: Decimal, at: datetime) -> RepaymentRow:
        """Repay, interest first.

        Raises:
            OutcomeUnknown: It may or may not have been made.
        """
        number = self.margin.repay(asset, quantity)
        left = self.margin.account().of(asset).owed
        return RepaymentRow(id=number, amount=quantity, asset=asset, left=left, time=at)

    # --- inside -------------------------------------------------------------------------------------------------
    def _coins(self, spread: Spread, pair: Pair, part: Decimal, held: MarginAsset) -> Decimal:
        owed = self.interest.owed(spread)
        staying = (abs(spread.perp_quantity) - part) * pair.multiplier
        if not staying and ZERO < held.owed - owed < pair.spot.lot_size:
            owed = held.owed  # dust of an earlier loan goes with it
        return max(ZERO, owed - staying)

    def _fee(self, pair: Pair, account: MarginAccount, notional: Decimal) -> Decimal:
        """Which fraction of the purchase is kept in coins: none where BNB pays for all of it."""
        taker = self.margin.fee_rates(pair.spot.symbol).taker
        discount = self.wallet.bnb_discount() if self.wallet else BnbDiscount(spot=False, futures=False)
        if not discount.spot or "BNBUSDT" not in self.spot.instruments():
            return taker
        price = self.spot.prices(["BNBUSDT"])["BNBUSDT"]
        needed = notional * taker * discount.spot_multiplier / price
        return ZERO if account.of("BNB").free >= 2 * needed else taker

    def _interest_words(self, spread: Spread) -> str:
        sums: dict[str, Decimal] = {}  # asset -> amount
        for line in self.interest.executor.journal.interest(spread.spread_id):
            sums[line.asset] = sums.get(line.asset, ZERO) + line.amount
        return ", ".join(f"{plain(amount)} {asset}" for asset, amount in sums.items()) or "none"

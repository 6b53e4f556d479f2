"""Plans a single order before anything is sent: size, price, cost, and every reason not to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.account import FuturesAccount
from atapi.domain.amounts import BPS, Amount
from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Depth, Level, sweep
from atapi.domain.numbers import ONE, ZERO, ceil_to, floor_to, plain
from atapi.domain.orders import Side, TimeInForce
from atapi.errors import Refused, UsageError
from atapi.services.spread_plan import MARGIN_LIMIT
from atapi.services.valuation import money

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the trader asks for."""

    side: Side
    amount: Amount
    price: Decimal | None = None  # None takes from the book, within `max_slippage`
    time_in_force: TimeInForce = TimeInForce.IOC
    reduce_only: bool = False
    max_slippage: Decimal = 5 * BPS  # fraction of the touch
    from_spread: bool = False  # may take what hedges a spread


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What was read from the venue and the journal for one order."""

    instrument: Instrument
    book: Depth
    taker_fee: Decimal  # fraction of notional
    base_free: Decimal = ZERO  # coins in the spot wallet
    quote_free: Decimal = ZERO  # quote asset in the spot wallet
    futures: FuturesAccount | None = None  # None on spot
    position: Decimal = ZERO  # futures, signed
    leverage: int = 1
    needed: Decimal = ZERO  # what spreads stand on: coins on spot, the signed position on futures
    spreads: tuple[int, ...] = ()  # their ids


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlan:
    """Everything that is known before one order is sent."""

    instrument: Instrument
    side: Side
    quantity: Decimal
    limit: Decimal  # never worse than this
    takes: bool  # from the book at once; otherwise it is a limit order of the trader's own
    time_in_force: TimeInForce
    expected_price: Decimal  # mean over the levels it takes
    notional: Decimal  # expected, quote asset
    fee: Decimal  # expected of a taker, quote asset
    slippage: Decimal  # beyond the touch, fraction
    reduce_only: bool
    reducing: bool
    spread_id: int | None = None  # the spread whose leg it takes, where it does

    @property
    def rests(self) -> bool:
        """Whether it may stay in the book."""
        return self.time_in_force in (TimeInForce.GTC, TimeInForce.GTX)


def plan_order(facts: OrderFacts, wish: Wish) -> OrderPlan:
    """Plan one order.

    Raises:
        UsageError: The amount is in a foreign asset.
        Refused: Too small, too large, too dear, or what a spread stands on; nothing was sent.
    """
    instrument = facts.instrument
    _check_ready(facts)
    levels = facts.book.asks if wish.side is Side.BUY else facts.book.bids
    touch = _touch(levels, instrument)
    limit = _limit(instrument, wish, touch)
    quantity = _size(facts, wish, limit, touch)
    notional = _cost(levels, quantity, wish) if wish.price is None else quantity * wish.price
    expected = notional / quantity if quantity else touch
    plan = OrderPlan(
        instrument=instrument,
        side=wish.side,
        quantity=quantity,
        limit=limit,
        takes=wish.price is None,
        time_in_force=wish.time_in_force,
        expected_price=expected,
        notional=notional,
        fee=notional * facts.taker_fee,
        slippage=abs(expected - touch) / touch if wish.price is None else ZERO,
        reduce_only=wish.reduce_only,
        reducing=_reducing(facts, wish),
        spread_id=_taken_from(facts, wish),
    )
    _check_size(plan)
    _check_slippage(plan, levels, touch, wish)
    _check_spreads(facts, plan, wish)
    if instrument.market is Market.SPOT:
        _check_wallet(facts, plan)
    else:
        _check_position(facts, plan)
    return plan


def check_price(instrument: Instrument, price: Decimal) -> None:
    """See that a price is one the symbol can have.

    Raises:
        Refused: It is zero, or no multiple of the tick.
    """
    if not price:
        raise Refused(f"price {plain(price)} is nothing", hint=f"depth {instrument.symbol}")
    if price % instrument.tick_size:
        down = floor_to(price, instrument.tick_size)
        raise Refused(
            f"price {plain(price)} is no multiple of {plain(instrument.tick_size)}",
            hint=plain(down or instrument.tick_size),
        )


def check_lot(instrument: Instrument, quantity: Decimal) -> None:
    """See that a quantity is a whole number of lots.

    Raises:
        Refused: It is not.
    """
    if quantity % instrument.lot_size:
        base, lot = instrument.base_asset, instrument.lot_size
        down = floor_to(quantity, lot)
        smallest = f"smallest: {plain(lot)}{base.lower()}"
        raise Refused(
            f"{plain(quantity)} {base} is no multiple of {plain(lot)}",
            hint=f"{plain(down)}{base.lower()}; or give {instrument.quote_asset.lower()} and the shell rounds down"
            if down
            else smallest,
        )


def check_minimum(instrument: Instrument, quantity: Decimal, price: Decimal, *, exempt: bool) -> None:
    """See that an order is large enough.

    Args:
        exempt: From the least notional, as what reduces a position is.

    Raises:
        Refused: It is not; names the smallest that is.
    """
    least = ZERO if exempt else instrument.min_notional
    if quantity >= instrument.min_quantity and quantity * price >= least:
        return
    smallest = max(instrument.min_quantity, ceil_to(least / price, instrument.lot_size))
    base, quote = instrument.base_asset, instrument.quote_asset
    minimum = (
        f"{plain(least)} {quote}" if quantity * price < least else f"{plain(instrument.min_quantity)} {base}"
    )
    raise Refused(
        f"{plain(quantity)} {base} ({quantity * price:.2f} {quote}) is under {instrument.symbol}'s minimum of {minimum}",
        hint=f"smallest now: {plain(smallest)} {base}",
    )


def base_quantity(instrument: Instrument, amount: Amount) -> Decimal | None:
    """Read an amount of the base asset in the symbol's own unit; None where it is of the quote asset.

    A perpetual of 1000PEPE is counted in thousands, but people count coins.

    Raises:
        UsageError: It is of neither.
    """
    assert amount.asset is not None
    coin = instrument.base_asset
    if instrument.multiplier > 1:
        coin = coin.removeprefix(plain(instrument.multiplier))
    if amount.asset == coin:
        return amount.value / instrument.multiplier
    if amount.asset == instrument.quote_asset:
        return None
    typed = plain(amount.value) + amount.asset.lower()
    raise UsageError(
        f"amount '{typed}' is in {amount.asset}, {instrument.symbol} trades {coin} against {instrument.quote_asset}",
        hint=f"1000{instrument.quote_asset.lower()} (quote), 0.01{coin.lower()} (base), 25% or all",
    )


def _check_ready(facts: OrderFacts) -> None:
    instrument = facts.instrument
    if not instrument.trading:
        raise Refused(f"{instrument.symbol} on {instrument.market} is {instrument.status}, not TRADING")
    if facts.futures is not None and facts.futures.hedge_mode:
        raise Refused(
            "the futures account is in hedge mode", hint="switch to one-way mode with no open positions"
        )


def _touch(levels: tuple[Level, ...], instrument: Instrument) -> Decimal:
    if not levels:
        raise Refused(
            f"the {instrument.market} book of {instrument.symbol} is empty", hint=f"depth {instrument.symbol}"
        )
    return levels[0].price


def _limit(instrument: Instrument, wish: Wish, touch: Decimal) -> Decimal:
    if wish.price is not None:
        check_price(instrument, wish.price)
        return wish.price
    if wish.side is Side.BUY:
        return max(floor_to(touch * (ONE + wish.max_slippage), instrument.tick_size), touch)
    return min(ceil_to(touch * (ONE - wish.max_slippage), instrument.tick_size), touch)


def _cost(levels: tuple[Level, ...], quantity: Decimal, wish: Wish) -> Decimal:
    taken = sweep(levels, quantity)
    if taken.quantity == quantity:
        return taken.notional
    # The book shown cannot fill it: make the plan's slippage say so.
    return quantity * levels[-1].price * (2 if wish.side is Side.BUY else Decimal("0.5"))


def _size(facts: OrderFacts, wish: Wish, limit: Decimal, touch: Decimal) -> Decimal:
    instrument, amount = facts.instrument, wish.amount
    if amount.asset is not None:
        exact = base_quantity(instrument, amount)
        if exact is not None:
            check_lot(instrument, exact)
            return exact
        price = touch if wish.price is None else wish.price
        return floor_to(amount.value / price, instrument.lot_size)
    return floor_to(_whole(facts, wish, limit) * amount.value, instrument.lot_size)


def _whole(facts: OrderFacts, wish: Wish, limit: Decimal) -> Decimal:
    """All that `all` means."""
    if facts.futures is not None:
        if wish.reduce_only:
            return abs(facts.position)
        return facts.futures.available * facts.leverage * MARGIN_LIMIT / limit
    if wish.side is Side.BUY:
        return facts.quote_free / limit
    if wish.from_spread:
        return min(facts.base_free, facts.needed)
    return max(ZERO, facts.base_free - facts.needed)


def _reducing(facts: OrderFacts, wish: Wish) -> bool:
    if facts.instrument.market is Market.SPOT:
        return (
            wish.side is Side.SELL and not wish.from_spread
        )  # coins that are held, and that nothing stands on
    return wish.reduce_only and not wish.from_spread


def _check_size(plan: OrderPlan) -> None:
    instrument = plan.instrument
    futures = instrument.market is not Market.SPOT
    check_minimum(instrument, plan.quantity, plan.expected_price, exempt=futures and plan.reduce_only)
    if plan.quantity > instrument.max_quantity:
        base = instrument.base_asset
        raise Refused(
            f"{plain(plan.quantity)} {base} is over {instrument.symbol}'s maximum of {plain(instrument.max_quantity)}",
            hint="several orders",
        )


def _check_slippage(plan: OrderPlan, levels: tuple[Level, ...], touch: Decimal, wish: Wish) -> None:
    if plan.slippage <= wish.max_slippage:
        return
    within = [lv for lv in levels if abs(lv.price - touch) / touch <= wish.max_slippage]
    fits = sum((lv.quantity for lv in within), ZERO)
    quote = plan.instrument.quote_asset
    raise Refused(
        f"expected slippage {plan.slippage / BPS:.1f}bp is over {wish.max_slippage / BPS:.1f}bp"
        f" at {plan.quantity * touch:.0f} {quote}",
        hint=f"up to {fits * touch:.0f} {quote} fits; or --max-slippage",
    )


def _check_spreads(facts: OrderFacts, plan: OrderPlan, wish: Wish) -> None:
    """Refuse to take what a spread stands on: its other leg would be left alone."""
    if not facts.spreads:
        return
    if plan.spread_id is not None:
        if plan.quantity > abs(facts.needed):
            raise Refused(
                f"spread #{plan.spread_id} has {plain(abs(facts.needed))} {plan.instrument.base_asset} to take",
                hint="all of it, or less; what is over is an order of its own",
            )
        return
    base, ids = plan.instrument.base_asset, ", ".join(f"#{number}" for number in facts.spreads)
    hint = f"close-spread {plan.instrument.symbol}; or --from-spread, and its other leg stands alone"
    if plan.instrument.market is Market.SPOT:
        if plan.side is Side.SELL and facts.base_free - plan.quantity < facts.needed:
            raise Refused(
                f"{plain(facts.needed)} of {plain(facts.base_free)} {base} on spot belong to spread {ids}",
                hint=hint,
            )
        return
    after = facts.position + plan.side.sign * plan.quantity
    spared = after <= facts.needed if facts.needed < 0 else after >= facts.needed
    against = (plan.side is Side.BUY) is (facts.needed < 0)
    if against and not spared:
        raise Refused(
            f"{plain(facts.needed)} of the position of {plain(facts.position)} {base} belong to spread {ids}",
            hint=hint,
        )


def _taken_from(facts: OrderFacts, wish: Wish) -> int | None:
    """Which spread an order takes a leg from, if it is meant to and goes against it."""
    if not wish.from_spread or not facts.spreads or wish.side.sign * facts.needed >= 0:
        return None
    if len(facts.spreads) > 1:
        ids = ", ".join(f"#{number}" for number in facts.spreads)
        raise Refused(f"--from-spread could mean {ids}", hint="close-spread takes both legs of one")
    return facts.spreads[0]


def _check_wallet(facts: OrderFacts, plan: OrderPlan) -> None:
    asset, free = plan.instrument.base_asset, facts.base_free
    needed = plan.quantity
    if plan.side is Side.BUY:
        # a limit order locks its limit, not the expected price
        asset, free, needed = plan.instrument.quote_asset, facts.quote_free, plan.quantity * plan.limit
    if needed > free:
        short = ceil_to(needed - free, ONE if plan.side is Side.BUY else plan.instrument.lot_size)
        shown = free.quantize(CENT) if plan.side is Side.BUY else free
        wanted = f"{needed:.2f}" if plan.side is Side.BUY else plain(needed)
        raise Refused(
            f"spot has {money(shown, asset)} free; {wanted} {asset} is needed",
            hint=f"transfer {plain(short)}{asset.lower()} futures spot",
        )


def _check_position(facts: OrderFacts, plan: OrderPlan) -> None:
    assert facts.futures is not None
    instrument = plan.instrument
    if plan.reduce_only:
        if facts.position * plan.side.sign >= 0:
            raise Refused(
                f"{instrument.symbol} has no position that a {plan.side.lower()} would reduce",
                hint=f"positions {instrument.symbol}",
            )
        if plan.quantity > abs(facts.position):
            raise Refused(
                f"{plain(plan.quantity)} {instrument.base_asset} is more than the position of"
                f" {plain(abs(facts.position))}",
                hint="all",
            )
        return
    opened = abs(facts.position + plan.side.sign * plan.quantity) - abs(facts.position)
    margin = max(ZERO, opened) * plan.limit / facts.leverage
    account = facts.futures
    used = account.initial_margin + margin
    if margin > account.available or (margin and used > account.margin_balance * MARGIN_LIMIT):
        share = f"{used / account.margin_balance:.0%}" if account.margin_balance > 0 else "all"
        raise Refused(
            f"futures margin would be {share} used (limit {MARGIN_LIMIT:.0%})",
            hint="a smaller amount, or transfer spot futures",
        )

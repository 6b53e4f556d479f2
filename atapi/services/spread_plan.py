"""Plans a spread before anything is sent: size, prices, costs, margin, and every reason not to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.account import Balance, BnbDiscount, FeeRates, FuturesAccount, LeverageBracket
from atapi.domain.amounts import BPS, Amount
from atapi.domain.carry import RoundTrip, break_even_intervals, liquidation_price
from atapi.domain.instruments import Instrument
from atapi.domain.market import Depth, FundingTerms, Level, MarkPrice, sweep
from atapi.domain.numbers import ONE, ZERO, ceil_to, floor_to, plain
from atapi.domain.orders import Side
from atapi.domain.spreads import LegPlan, Pair, SpreadPlan
from atapi.domain.style import Style
from atapi.errors import Refused
from atapi.execution.course import spot_for
from atapi.execution.prices import limit_price
from atapi.execution.sizing import by_notional, by_quantity, check_asset, common_lot, least
from atapi.services.manner import PLAIN, Manner, Size, style_of
from atapi.services.valuation import money

MARGIN_LIMIT = Decimal("0.8")  # of the futures wallet's equity, after entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read from the venue for one plan, all of it at one moment."""

    pair: Pair
    spot_book: Depth
    perp_book: Depth
    spot_fees: FeeRates
    perp_fees: FeeRates
    bnb: BnbDiscount
    spot_balances: list[Balance]
    futures_balances: list[Balance]
    futures: FuturesAccount
    mark: MarkPrice
    terms: FundingTerms
    brackets: list[LeverageBracket]
    leverage: int
    bnb_price: Decimal | None  # USDT; None where BNB is not quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the trader allows."""

    max_slippage: Decimal = 5 * BPS  # per leg, fraction of the touch
    min_basis: Decimal | None = None  # refuse below this entry basis, fraction
    manner: Manner = PLAIN


@dataclass(frozen=True, slots=True)
class Fees:
    """Rates as they will really be charged."""

    spot: Decimal
    perp: Decimal
    base: Decimal  # fraction of a spot purchase kept in base asset
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotExit:
    """What closing trades on spot."""

    coins: Decimal  # to sell; of a reverse spread to buy, net of fees
    base_fee: Decimal  # fraction of a purchase that is kept in coins
    leg: LegPlan | None  # None where nothing is left to trade


def plan_open(facts: Facts, amount: Amount, limits: Limits) -> SpreadPlan:
    """Plan an opening.

    Raises:
        UsageError: The amount is in a foreign asset.
        Refused: Too small, too large, too dear, or the account is not ready; nothing was sent.
    """
    check_ready(facts)
    fees = expected_fees(facts)
    spot_ask, perp_bid = (
        touch_of(facts.spot_book.asks, facts.pair.spot),
        touch_of(facts.perp_book.bids, facts.pair.perp),
    )
    quantity = _size(facts, amount, spot_ask, perp_bid, fees)
    check_minimums(facts, quantity, spot_ask, perp_bid, amount)
    spot_quantity = spot_for(facts.pair, quantity, fees.base)
    unit_cost = _unit_cost(facts.pair, spot_ask, perp_bid, fees)
    style = opening_style(facts, quantity, unit_cost, limits, worst_basis=_least_basis(facts, limits))
    slippage, cut = limits.max_slippage, style.slices
    perp = plan_leg(facts.pair.perp, Side.SELL, quantity, facts.perp_book, fees.perp, slippage, slices=cut)
    spot = plan_leg(
        facts.pair.spot, Side.BUY, spot_quantity, facts.spot_book, fees.spot, slippage, slices=cut
    )
    for leg, instrument, levels in ((perp, facts.pair.perp, facts.perp_book.bids),
                                    (spot, facts.pair.spot, facts.spot_book.asks)):  # fmt: skip
        check_slippage(leg, instrument, levels, limits.max_slippage)
    margin = perp.notional / facts.leverage
    _check_funds(facts, spot, margin)
    trip = round_trip(facts, perp, spot, fees)
    plan = SpreadPlan(
        pair=facts.pair,
        quantity=quantity,
        perp=perp,
        spot=spot,
        round_trip=trip,
        funding_rate=facts.mark.funding_rate,
        funding_interval=facts.terms.interval,
        break_even_intervals=break_even_intervals(trip.total, facts.mark.funding_rate),
        leverage=facts.leverage,
        margin=margin,
        futures_available=facts.futures.available,
        spot_free=free_of(facts.spot_balances, facts.pair.spot.quote_asset),
        liquidation_price=liquidation_of(facts, perp),
        base_fee=fees.base,
        bnb_note=fees.note,
        style=style,
        rest=rest_of(facts.pair, amount, quantity * unit_cost),
    )
    if limits.min_basis is not None and plan.basis < limits.min_basis:
        raise Refused(
            f"entry basis {plan.basis / BPS:.2f}bp is under {limits.min_basis / BPS:.2f}bp",
            hint=f"spread {facts.pair.symbol}",
        )
    return plan


def opening_style(
    facts: Facts, quantity: Decimal, unit_cost: Decimal, limits: Limits, *, worst_basis: Decimal
) -> Style:
    """Cut an opening as the trader wants it.

    Raises:
        Refused: Neither market takes such slices.
    """
    spot_price = (facts.spot_book.asks or facts.spot_book.bids)[0].price
    perp_price = (facts.perp_book.bids or facts.perp_book.asks)[0].price
    smallest = least(facts.pair, perp_price, spot_price)
    size = Size(pair=facts.pair, quantity=quantity, price=unit_cost, least=smallest)
    return style_of(limits.manner, size, max_slippage=limits.max_slippage, worst_basis=worst_basis)


def closing_style(
    pair: Pair,
    quantity: Decimal,
    spot: Depth,
    perp: Depth,
    manner: Manner,
    max_slippage: Decimal,
    *,
    reverse: bool,
) -> Style:
    """Cut a closing as the trader wants it; the perpetual is exempt from the least notional, spot is not.

    Raises:
        Refused: Spot does not take such slices, or a book is empty.
    """
    spot_touch = touch_of(spot.asks if reverse else spot.bids, pair.spot) * pair.multiplier
    perp_touch = touch_of(perp.bids if reverse else perp.asks, pair.perp)
    smallest = max(pair.spot.min_notional / spot_touch, common_lot(pair))
    size = Size(
        pair=pair,
        quantity=quantity,
        price=max(spot_touch, perp_touch),
        least=ceil_to(smallest, common_lot(pair)),
    )
    worst = perp_touch / spot_touch - 1 + (-2 if reverse else 2) * max_slippage
    return style_of(manner, size, max_slippage=max_slippage, worst_basis=worst)


def rest_of(pair: Pair, amount: Amount, used: Decimal) -> Decimal:
    """What of an amount in quote asset the joint lot leaves over."""
    return max(ZERO, amount.value - used) if amount.asset == pair.spot.quote_asset else ZERO


def plan_leg(
    instrument: Instrument, side: Side, quantity: Decimal, book: Depth, fee_rate: Decimal, slippage: Decimal,
    *, slices: int = 1,
) -> LegPlan:  # fmt: skip
    """Plan one leg that takes from the book, capped beyond the touch; the book fills up again between slices."""
    levels = book.asks if side is Side.BUY else book.bids
    touch = touch_of(levels, instrument)
    each = ceil_to(quantity / slices, instrument.lot_size)
    taken = sweep(levels, each)
    expected = (taken.average_price or touch) if taken.quantity == each else _beyond(taken.worst_price, side)
    limit = limit_price(side, touch, slippage, instrument.tick_size)
    notional = expected * quantity
    return LegPlan(
        side=side,
        quantity=quantity,
        touch=touch,
        expected_price=expected,
        limit_price=limit,
        notional=notional,
        fee=notional * fee_rate,
        fee_rate=fee_rate,
    )


def expected_fees(facts: Facts) -> Fees:
    """Tell what fees will be, and in what: BNB where it is switched on and there is some, else what is received."""
    held_spot = free_of(facts.spot_balances, "BNB")
    held_futures = free_of(facts.futures_balances, "BNB")
    in_bnb_spot = facts.bnb.spot and held_spot > 0
    in_bnb_perp = facts.bnb.futures and held_futures > 0
    spot = facts.spot_fees.taker * (facts.bnb.spot_multiplier if in_bnb_spot else ONE)
    perp = facts.perp_fees.taker * (facts.bnb.futures_multiplier if in_bnb_perp else ONE)
    base = ZERO if in_bnb_spot else facts.spot_fees.taker
    if in_bnb_spot or in_bnb_perp:
        where = " and ".join(w for w, on in (("spot", in_bnb_spot), ("futures", in_bnb_perp)) if on)
        note = f"fees in BNB on {where} ({plain(held_spot)} spot, {plain(held_futures)} futures)"
    else:
        saving = facts.spot_fees.taker * (1 - facts.bnb.spot_multiplier) * 2
        saving += facts.perp_fees.taker * (1 - facts.bnb.futures_multiplier) * 2
        note = f"no BNB: the spot fee is kept in {facts.pair.spot.base_asset}; BNB would save {saving / BPS:.1f}bp"
    return Fees(spot, perp, base, note)


def round_trip(facts: Facts, perp: LegPlan, spot: LegPlan, fees: Fees) -> RoundTrip:
    """State what opening and closing costs with unchanged books: exit legs are planned on the books' other side."""
    multiplier = facts.pair.multiplier
    spot_out = plan_leg(facts.pair.spot, spot.side.opposite, spot.quantity, facts.spot_book, fees.spot, ZERO)
    perp_out = plan_leg(facts.pair.perp, perp.side.opposite, perp.quantity, facts.perp_book, fees.perp, ZERO)
    notional = perp.quantity * multiplier * _mid(facts.spot_book)
    impact = sum(
        (abs(leg.expected_price - leg.touch) * leg.quantity for leg in (perp, spot, perp_out, spot_out)), ZERO
    )
    return RoundTrip(
        spot_fees=2 * fees.spot,
        perp_fees=2 * fees.perp,
        spot_spread=bid_ask_spread(facts.spot_book),
        perp_spread=bid_ask_spread(facts.perp_book),
        impact=impact / notional,
    )


def bid_ask_spread(book: Depth) -> Decimal:
    """State ask less bid as a fraction of their middle."""
    return (book.asks[0].price - book.bids[0].price) / _mid(book)


def free_of(balances: list[Balance], asset: str) -> Decimal:
    """Find what is free of an asset; zero where there is none."""
    return sum((b.free for b in balances if b.asset == asset), ZERO)


def check_ready(facts: Facts) -> None:
    """Refuse where the symbols do not trade or the account is in a mode this trade was not made for.

    Raises:
        Refused: Names the setting.
    """
    for instrument in (facts.pair.spot, facts.pair.perp):
        if not instrument.trading:
            raise Refused(f"{instrument.symbol} on {instrument.market} is {instrument.status}, not TRADING")
    if facts.futures.hedge_mode:
        raise Refused(
            "the futures account is in hedge mode", hint="switch to one-way mode with no open positions"
        )


def _size(facts: Facts, amount: Amount, spot_ask: Decimal, perp_bid: Decimal, fees: Fees) -> Decimal:
    pair = facts.pair
    unit_cost = _unit_cost(pair, spot_ask, perp_bid, fees)
    if amount.asset is None:
        room = facts.futures.available * facts.leverage * MARGIN_LIMIT
        budget = min(free_of(facts.spot_balances, pair.spot.quote_asset), room) * amount.value
        return by_notional(pair, budget, unit_cost)
    check_asset(pair, amount.asset, plain(amount.value) + amount.asset.lower())
    if amount.asset == pair.spot.base_asset:
        return by_quantity(pair, amount.value)
    return by_notional(pair, amount.value, unit_cost)


def check_minimums(
    facts: Facts, quantity: Decimal, spot_ask: Decimal, perp_bid: Decimal, amount: Amount
) -> None:
    """Refuse what is below one of the four minimums.

    Raises:
        Refused: Names the smallest quantity that would do.
    """
    pair, base = facts.pair, facts.pair.spot.base_asset
    smallest = least(pair, perp_bid, spot_ask)
    if quantity >= smallest:
        return
    # What decides is the strictest of four minimums; the message names the one in quote asset a trader knows.
    minimum = max(pair.perp.min_notional, pair.spot.min_notional)
    cost = smallest * pair.multiplier * max(spot_ask, perp_bid / pair.multiplier)
    rounded = ceil_to(cost * Decimal("1.002"), Decimal(1))
    asked = amount.value if amount.asset == pair.spot.quote_asset else quantity * perp_bid
    if asked < minimum:
        coins = floor_to(asked / perp_bid * pair.multiplier, pair.spot.lot_size)
        said = f"{plain(coins)} {base} ({asked:.2f} {pair.spot.quote_asset}) is under {pair.symbol}'s minimum"
        said += f" of {plain(minimum)} {pair.spot.quote_asset}"
    else:
        said = f"{asked:.2f} {pair.spot.quote_asset} does not buy one lot of {pair.symbol} within its minimum"
    raise Refused(
        said,
        hint=f"smallest now: {plain(smallest * pair.multiplier)} {base} (about {plain(rounded)} {pair.spot.quote_asset})",
    )


def check_slippage(leg: LegPlan, instrument: Instrument, levels: tuple[Level, ...], limit: Decimal) -> None:
    """Refuse what would move the book more than is allowed.

    Raises:
        Refused: Names the size that fits.
    """
    if leg.slippage <= limit:
        return
    fits = sum((lv.quantity for lv in levels if abs(lv.price - leg.touch) / leg.touch <= limit), ZERO)
    slices = f"--slices {ceil_to(leg.quantity / fits, ONE):f}" if fits else "--max-slippage"
    raise Refused(
        f"expected slippage {leg.slippage / BPS:.1f}bp on {instrument.market} is over {limit / BPS:.1f}bp"
        f" at {leg.notional:.0f} {instrument.quote_asset}",
        hint=f"up to {fits * leg.touch:.0f} {instrument.quote_asset} fits; or {slices}",
    )


def _unit_cost(pair: Pair, spot_ask: Decimal, perp_bid: Decimal, fees: Fees) -> Decimal:
    """What one unit of the perpetual costs on the dearer leg."""
    return max(spot_ask * pair.multiplier / (1 - fees.base), perp_bid)


def _least_basis(facts: Facts, limits: Limits) -> Decimal:
    """The basis below which no slice starts: all of them together slip no more than one of them may on each leg."""
    spot = facts.spot_book.asks[0].price * facts.pair.multiplier
    now = facts.perp_book.bids[0].price / spot - 1
    floor = now - 2 * limits.max_slippage
    return floor if limits.min_basis is None else max(floor, limits.min_basis)


def _check_funds(facts: Facts, spot: LegPlan, margin: Decimal) -> None:
    quote = facts.pair.spot.quote_asset
    free = free_of(facts.spot_balances, quote)
    # An IOC at its cap locks the cap, not the expected price.
    needed = max(spot.notional, spot.limit_price * spot.quantity)
    if needed > free:
        short = ceil_to(needed - free, Decimal(1))
        raise Refused(
            f"spot has {money(free.quantize(Decimal('0.01')), quote)} free; {needed:.2f} {quote} is needed",
            hint=f"transfer {plain(short)}{quote.lower()} futures spot",
        )
    check_margin(facts, margin)


def check_margin(facts: Facts, margin: Decimal) -> None:
    """Refuse what the futures wallet cannot back.

    Raises:
        Refused: Names the share of it that would be used.
    """
    account = facts.futures
    used = account.initial_margin + margin
    if margin > account.available or used > account.margin_balance * MARGIN_LIMIT:
        share = f"{used / account.margin_balance:.0%}" if account.margin_balance > 0 else "all"
        raise Refused(
            f"futures margin would be {share} used (limit {MARGIN_LIMIT:.0%})",
            hint="a smaller amount, more --leverage, or transfer spot futures",
        )


def liquidation_of(facts: Facts, perp: LegPlan) -> Decimal | None:
    """Tell where the perpetual would be liquidated after entry, the bracket re-picked at that price."""
    account = facts.futures
    backing = account.margin_balance - account.maintenance_margin
    price: Decimal | None = perp.expected_price
    for _ in range(len(facts.brackets)):
        assert price is not None
        notional = perp.quantity * price
        tier = next((b for b in facts.brackets if notional <= b.notional_cap), facts.brackets[-1])
        found = liquidation_price(
            wallet=backing,
            quantity=perp.side.sign * perp.quantity,
            entry=perp.expected_price,
            maintenance_rate=tier.maintenance_rate,
            maintenance_offset=tier.maintenance_offset,
        )
        if found is None or found == price:
            return found
        price = found
    return price


def touch_of(levels: tuple[Level, ...], instrument: Instrument) -> Decimal:
    """Tell the best price of one side of a book.

    Raises:
        Refused: It is empty.
    """
    if not levels:
        raise Refused(
            f"the {instrument.market} book of {instrument.symbol} is empty", hint=f"depth {instrument.symbol}"
        )
    return levels[0].price


def _mid(book: Depth) -> Decimal:
    return (book.asks[0].price + book.bids[0].price) / 2


def _beyond(worst: Decimal | None, side: Side) -> Decimal:
    # The book shown cannot fill it: make the plan's slippage say so.
    assert worst is not None
    return worst * (2 if side is Side.BUY else Decimal("0.5"))

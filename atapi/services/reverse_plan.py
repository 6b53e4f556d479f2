"""Plans a reverse spread: long the perpetual, short spot that is borrowed on cross margin.

It earns where funding is negative, less the interest of what is borrowed. The coins are borrowed by the very order
that sells them, so lenders, collateral and limits are looked at before anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from atapi.domain.account import Balance, Wallet
from atapi.domain.amounts import BPS, Amount
from atapi.domain.carry import break_even_intervals
from atapi.domain.margin import MarginAccount
from atapi.domain.numbers import ONE, ZERO, ceil_to, plain
from atapi.domain.orders import Side
from atapi.domain.spreads import BorrowPlan, LegPlan, SpreadPlan
from atapi.errors import Refused
from atapi.execution.sizing import by_notional, by_quantity, check_asset
from atapi.services.spread_plan import (
    MARGIN_LIMIT,
    Facts,
    Fees,
    Limits,
    check_margin,
    check_minimums,
    check_ready,
    check_slippage,
    expected_fees,
    free_of,
    liquidation_of,
    opening_style,
    plan_leg,
    rest_of,
    round_trip,
    touch_of,
)

LEVEL_FLOOR = Decimal(2)  # of the collateral level after entry; below it nothing may leave the margin wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What was read of the margin wallet and its lenders for one plan, all of it at one moment."""

    account: MarginAccount
    inventory: Decimal  # of the base asset
    allowed: Decimal  # of the base asset: what collateral and limits allow to borrow
    hourly_rate: Decimal
    owed: Decimal  # of the base asset by the spread that is added to; zero where none stands


def plan_reverse(facts: Facts, credit: Credit, amount: Amount, limits: Limits) -> SpreadPlan:
    """Plan the opening of a reverse spread.

    Raises:
        UsageError: The amount is in a foreign asset.
        Refused: Too small, too large, too dear, nothing to borrow, or the account is not ready; nothing was sent.
    """
    check_ready(facts)
    check_clear(facts, credit)
    facts = replace(facts, spot_balances=balances_of(credit.account))
    fees = fees_of(facts)
    spot_bid, perp_ask = (
        touch_of(facts.spot_book.bids, facts.pair.spot),
        touch_of(facts.perp_book.asks, facts.pair.perp),
    )
    quantity = _size(facts, credit, amount, spot_bid, perp_ask)
    check_minimums(facts, quantity, spot_bid, perp_ask, amount)
    unit_cost = max(perp_ask, spot_bid * facts.pair.multiplier)
    style = opening_style(facts, quantity, unit_cost, limits, worst_basis=_most_basis(facts, limits))
    slippage, cut, coins = limits.max_slippage, style.slices, quantity * facts.pair.multiplier
    perp = plan_leg(facts.pair.perp, Side.BUY, quantity, facts.perp_book, fees.perp, slippage, slices=cut)
    spot = plan_leg(facts.pair.spot, Side.SELL, coins, facts.spot_book, fees.spot, slippage, slices=cut)
    check_slippage(perp, facts.pair.perp, facts.perp_book.asks, limits.max_slippage)
    check_slippage(spot, facts.pair.spot, facts.spot_book.bids, limits.max_slippage)
    borrow = _borrow(facts, credit, spot)
    check_credit(facts, credit, borrow, spot)
    margin = perp.notional / facts.leverage
    check_margin(facts, margin)
    trip = round_trip(facts, perp, spot, fees)
    plan = SpreadPlan(
        pair=facts.pair,
        quantity=quantity,
        perp=perp,
        spot=spot,
        round_trip=trip,
        funding_rate=facts.mark.funding_rate,
        funding_interval=facts.terms.interval,
        break_even_intervals=None,
        leverage=facts.leverage,
        margin=margin,
        futures_available=facts.futures.available,
        spot_free=free_of(facts.spot_balances, facts.pair.spot.quote_asset),
        liquidation_price=liquidation_of(facts, perp),
        base_fee=ZERO,  # a sale pays its fee in what it brings
        bnb_note=fees.note,
        borrow=borrow,
        style=style,
        rest=rest_of(facts.pair, amount, quantity * unit_cost),
    )
    if limits.min_basis is not None and -plan.basis < limits.min_basis:
        raise Refused(
            f"entry basis {plan.basis / BPS:.2f}bp is over {-limits.min_basis / BPS:.2f}bp",
            hint=f"spread {facts.pair.symbol}",
        )
    # The hour that has begun is charged in full when the coins are borrowed.
    cost = trip.total + borrow.hourly_rate
    return replace(plan, break_even_intervals=break_even_intervals(cost, plan.income_rate))


def _most_basis(facts: Facts, limits: Limits) -> Decimal:
    """The basis above which no slice starts: all of them together slip no more than one of them may on each leg."""
    spot = facts.spot_book.bids[0].price * facts.pair.multiplier
    most = facts.perp_book.asks[0].price / spot - 1 + 2 * limits.max_slippage
    return most if limits.min_basis is None else min(most, -limits.min_basis)


def fees_of(facts: Facts) -> Fees:
    """Tell what fees will be: BNB is taken from the margin wallet, where the spot leg trades."""
    fees = expected_fees(facts)
    if fees.base and not fees.note.startswith("fees in BNB"):
        base = facts.pair.spot.base_asset
        return replace(fees, note=f"no BNB on margin: closing buys the fee in {base} on top")
    return fees


def balances_of(account: MarginAccount) -> list[Balance]:
    """List what a margin account holds."""
    return [
        Balance(wallet=Wallet.MARGIN, asset=a.asset, free=a.free, locked=a.locked) for a in account.assets
    ]


def check_clear(facts: Facts, credit: Credit) -> None:
    """Refuse where the margin wallet holds or owes the coin for another reason: neither could be told apart later.

    Raises:
        Refused: Names what is held or owed.
    """
    base, lot = facts.pair.spot.base_asset, facts.pair.spot.lot_size
    if not credit.account.may_trade:
        raise Refused("the margin account may not trade", hint="balance --wallet margin")
    held = credit.account.of(base)
    if held.free + held.locked >= lot:
        raise Refused(
            f"margin holds {plain(held.free + held.locked)} {base} of its own; selling would take those instead"
            " of borrowing",
            hint=f"transfer {plain(held.free)}{base.lower()} margin spot",
        )
    foreign = held.owed - credit.owed
    if foreign >= lot:
        raise Refused(
            f"margin already owes {plain(foreign)} {base} that no spread here borrowed",
            hint="repay it first: its interest could not be told from the spread's",
        )


def check_credit(facts: Facts, credit: Credit, borrow: BorrowPlan, spot: LegPlan) -> None:
    """Refuse what lenders do not have, what the account may not borrow, or what leaves it too thin.

    Raises:
        Refused: Names the figures and what helps.
    """
    base, quote = borrow.asset, facts.pair.spot.quote_asset
    if borrow.inventory < borrow.quantity:
        raise Refused(
            f"lenders have {plain(borrow.inventory)} {base} left; {plain(borrow.quantity)} {base} is to be borrowed",
            hint="a smaller AMOUNT, or later",
        )
    needed = LEVEL_FLOOR * (credit.account.debts + spot.notional) - spot.notional - credit.account.collateral
    if needed > 0:
        raise Refused(
            f"margin level would be {borrow.level:.2f} after borrowing {plain(borrow.quantity)} {base}"
            f" (limit {plain(LEVEL_FLOOR)})",
            hint=f"transfer {plain(ceil_to(needed, ONE))}{quote.lower()} spot margin",
        )
    if borrow.allowed < borrow.quantity:
        raise Refused(
            f"margin may borrow {plain(borrow.allowed)} {base}; {plain(borrow.quantity)} {base} is needed",
            hint="a smaller AMOUNT: the venue's own limit",
        )


def _borrow(facts: Facts, credit: Credit, spot: LegPlan) -> BorrowPlan:
    return BorrowPlan(
        asset=facts.pair.spot.base_asset,
        quantity=spot.quantity,
        hourly_rate=credit.hourly_rate,
        inventory=credit.inventory,
        allowed=credit.allowed,
        level=credit.account.level_after(spot.notional, spot.notional),
    )


def _size(facts: Facts, credit: Credit, amount: Amount, spot_bid: Decimal, perp_ask: Decimal) -> Decimal:
    pair = facts.pair
    unit_cost = max(spot_bid * pair.multiplier, perp_ask)
    if amount.asset is None:
        budget = min(
            facts.futures.available * facts.leverage * MARGIN_LIMIT,
            credit.account.room(LEVEL_FLOOR),
            min(credit.allowed, credit.inventory) * spot_bid,
        )
        return by_notional(pair, budget * amount.value, unit_cost)
    check_asset(pair, amount.asset, plain(amount.value) + amount.asset.lower())
    if amount.asset == pair.spot.base_asset:
        return by_quantity(pair, amount.value)
    return by_notional(pair, amount.value, unit_cost)

"""Profit of a spread by cause: worked examples with the arithmetic shown, and sums that hold whatever was traded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atapi.domain.account import Wallet
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO, to_ledger
from atapi.domain.orders import Fill, Side
from atapi.domain.profit import Booking, Charge, Profit, Standing, Worth, book
from atapi.domain.spreads import LegName, Spread, SpreadState
from tests.fakes import D, utc

NOON = utc("2026-01-01T12:00")
PERP_IN, SPOT_IN = LegName.PERP_ENTRY, LegName.SPOT_ENTRY
SPOT_OUT, PERP_OUT, UNWIND = LegName.SPOT_EXIT, LegName.PERP_EXIT, LegName.UNWIND
Trade = tuple[LegName, Fill]
History = tuple[Spread, Standing, Decimal, tuple[tuple[datetime, Decimal], ...], tuple[Charge, ...]]


def trade(leg: LegName, side: Side, quantity: str, price: str, *, fee: str = "0", paid_in: str = "USDT",
          realized: str | None = None, hours: int = 0) -> Trade:  # fmt: skip
    market = Market.SPOT if leg.spot else Market.UM
    return leg, Fill(
        market=market, symbol="BTCUSDT", trade_id="1", order_id="1", side=side, price=D(price), quantity=D(quantity),
        fee=D(fee), fee_asset=paid_in, realized=None if realized is None else D(realized), maker=False,
        at=NOON + timedelta(hours=hours),
    )  # fmt: skip


def spread_of(*trades: Trade, state: SpreadState = SpreadState.HEDGED, multiplier: str = "1") -> Spread:
    return Spread(
        spread_id=1, symbol="BTCUSDT", spot_symbol="BTCUSDT", base_asset="BTC", quote_asset="USDT",
        multiplier=D(multiplier), state=state, tag="", created_at=NOON, fills=trades,
    )  # fmt: skip


def standing(spot: str = "100", perp: str = "100", *, unrealized: str = "0", **prices: str) -> Standing:
    return Standing(
        at=NOON + timedelta(days=9), spot_price=D(spot), perp_price=D(perp), unrealized=D(unrealized),
        worth=Worth({"BTC": D(spot)} | {asset: D(price) for asset, price in prices.items()}), step=D("0.001"),
    )  # fmt: skip


def fee_value(fill: Fill) -> Decimal:
    worth = {"USDT": D(1), "BNB": D(600), "BTC": fill.price}  # BNB at 600 whenever it was paid
    return to_ledger(fill.fee * worth[fill.fee_asset])


def split(spread: Spread, now: Standing, *, fundings: tuple[tuple[datetime, Decimal], ...] = (),
          charges: tuple[Charge, ...] = ()) -> Profit:  # fmt: skip
    return sum((b.profit for b in booked(spread, now, fundings, charges)), Profit())


def booked(spread: Spread, now: Standing, fundings: tuple[tuple[datetime, Decimal], ...] = (),
           charges: tuple[Charge, ...] = ()) -> list[Booking]:  # fmt: skip
    return book(spread, fundings=fundings, charges=charges, fee_value=fee_value, standing=now)


OPENED = (trade(PERP_IN, Side.SELL, "1", "101"), trade(SPOT_IN, Side.BUY, "1", "100"))  # basis 1
CLOSED = (
    trade(SPOT_OUT, Side.SELL, "1", "110", hours=24),
    trade(PERP_OUT, Side.BUY, "1", "110.4", realized="-9.4", hours=24),  # basis 0.4
)


def test_basis_is_what_it_was_entered_at_less_what_it_was_left_at() -> None:
    earned = split(spread_of(*OPENED, *CLOSED, state=SpreadState.FLAT), standing("500"))

    assert earned == Profit(
        basis=D("0.6")
    )  # (101 - 100) - (110.4 - 110); both legs rose by 10, which cancels


def test_basis_of_what_is_held_is_against_the_current_one() -> None:
    earned = split(spread_of(*OPENED), standing("110", "110.4", unrealized="-9.4"))

    assert earned == Profit(basis=D("0.6"))


def test_half_a_close_realizes_half_and_leaves_half() -> None:
    out = (
        trade(SPOT_OUT, Side.SELL, "0.5", "110"),
        trade(PERP_OUT, Side.BUY, "0.5", "110.4", realized="-4.7"),
    )

    *_, sold, bought, held = booked(spread_of(*OPENED, *out), standing("120", "121", unrealized="-10"))

    assert sold.profit == Profit(price=D(5))  # 0.5 * (110 - 100), which its perpetual takes back
    assert bought.profit == Profit(price=D(-5), basis=D("0.3"))  # 0.5 * (1 - 0.4)
    assert held.profit == Profit(basis=ZERO)  # 0.5 * (1 - (121 - 120))


def test_a_perpetual_that_spot_could_not_follow_is_price() -> None:
    back = trade(UNWIND, Side.BUY, "0.4", "103", realized="-0.8")
    opened = (trade(PERP_IN, Side.SELL, "1", "101"), trade(SPOT_IN, Side.BUY, "0.6", "100"), back)

    earned = split(spread_of(*opened), standing("100", "101", unrealized="0"))

    assert earned == Profit(price=D("-0.8"))  # 0.4 * (101 - 103); the 0.6 that stand have kept their basis


def test_coins_sold_while_the_perpetual_stands_are_price_until_it_follows() -> None:
    earned = split(
        spread_of(*OPENED, CLOSED[0], state=SpreadState.EXPOSED), standing("120", "121", unrealized="-20")
    )

    assert earned == Profit(price=D(-10))  # 110 - 100 on spot, 101 - 121 on the perpetual; no pair has left


def test_a_fee_in_coins_is_worth_its_fills_price_and_leaves_dust() -> None:
    bought = trade(SPOT_IN, Side.BUY, "1.0015", "100", fee="0.0010015", paid_in="BTC")

    earned = split(spread_of(OPENED[0], bought), standing("110", "111", unrealized="-10"))

    # 1.0015 - 0.0010015 = 1.0004985 coins: a pair of 1, and 0.0004985 below the step of 0.001
    assert earned == Profit(fees=D("-0.10015"), dust=D("0.0004985") * 10)


def test_dust_that_was_sold_after_all_stays_dust() -> None:
    bought = trade(SPOT_IN, Side.BUY, "1.0005", "100")
    sold = trade(SPOT_OUT, Side.SELL, "1.0003", "110")
    back = trade(PERP_OUT, Side.BUY, "1", "111", realized="-10")

    earned = split(spread_of(OPENED[0], bought, sold, back, state=SpreadState.FLAT), standing("120"))

    assert earned == Profit(dust=D("0.0003") * 10 + D("0.0002") * 20)


def test_what_is_too_little_to_sell_is_dust_too() -> None:
    back = trade(PERP_OUT, Side.BUY, "1", "101", realized="0")

    earned = split(spread_of(*OPENED, back, state=SpreadState.FLAT), standing("103"))

    assert earned == Profit(dust=D(3))  # the coin that stays in the wallet: 103 - 100


def test_bnb_is_worth_what_it_was_when_paid_and_its_move_since_is_price() -> None:
    opened = (
        trade(PERP_IN, Side.SELL, "1", "101", fee="0.0001", paid_in="BNB"),
        trade(SPOT_IN, Side.BUY, "1", "100", fee="0.0002", paid_in="BNB"),
    )

    earned = split(spread_of(*opened), standing("100", "101", BNB="700"))

    assert earned == Profit(fees=D("-0.18"), price=D("-0.03"))  # 0.0003 * 600; 0.0003 * (700 - 600)


def test_a_thousand_coins_in_one_unit_of_the_perpetual() -> None:
    opened = (trade(PERP_IN, Side.SELL, "2", "11"), trade(SPOT_IN, Side.BUY, "2000", "0.01"))

    earned = split(spread_of(*opened, multiplier="1000"), standing("0.012", "12.5", unrealized="-3"))

    assert earned == Profit(basis=D(1))  # 2 * ((11 - 10) - (12.5 - 12))


def test_interest_on_borrowed_coins_is_bought_back_at_the_exit() -> None:
    hour = NOON + timedelta(hours=1)
    charge = Charge(at=hour, asset="BTC", amount=D("0.0002"), value=D("0.02"))
    trades = (
        trade(PERP_IN, Side.BUY, "1", "99"),
        trade(SPOT_IN, Side.SELL, "1", "100"),
        trade(SPOT_OUT, Side.BUY, "1.0002", "110", hours=24),
        trade(PERP_OUT, Side.SELL, "1", "109.5", realized="10.5", hours=24),
    )

    earned = split(spread_of(*trades, state=SpreadState.FLAT), standing("500"), charges=(charge,))

    assert earned.interest == D("-0.02")
    assert earned.basis == D("0.5")  # (100 - 99) - (110 - 109.5): the perpetual stood below spot
    assert earned.dust == D("-0.002")  # 0.0002 coins owed from 100 to 110
    assert earned.price == ZERO


def test_each_booking_stands_on_its_own_day() -> None:
    funding = (NOON + timedelta(hours=20), D("0.5"))

    lines = booked(spread_of(*OPENED, *CLOSED, state=SpreadState.FLAT), standing(), (funding,))

    days = [(line.at - NOON).days for line in lines]
    assert days == [0, 0, 0, 1, 1, 9]  # two entries, a funding, two exits, what is held
    assert lines[2].profit == Profit(funding=D("0.5"))


def test_a_funding_of_the_same_moment_comes_before_a_fill() -> None:
    lines = booked(spread_of(*OPENED), standing(), ((NOON, D(1)),))

    assert lines[0].profit == Profit(funding=D(1))


prices = st.decimals(min_value="50", max_value="150", places=2)
quantities = st.integers(min_value=1, max_value=3000).map(lambda n: D(n) / 1000)


@st.composite
def histories(
    draw: st.DrawFn,
) -> History:
    """Fills of both legs in any order and size, with realized profit by the perpetual's mean price as a venue states it."""
    trades: list[Trade] = []
    position, cost = ZERO, ZERO
    for hour in range(draw(st.integers(1, 12))):
        leg = draw(st.sampled_from([PERP_IN, SPOT_IN, SPOT_OUT, PERP_OUT, UNWIND]))
        side = draw(st.sampled_from(list(Side)))
        quantity, price = draw(quantities), draw(prices)
        realized = None
        if not leg.spot:
            signed = side.sign * quantity
            realized = ZERO
            if position * signed < 0:
                out = min(quantity, abs(position)).copy_sign(signed)
                realized = to_ledger(out * (cost / position - price))
                cost += cost * out / position
                position, signed = position + out, signed - out
            position, cost = position + signed, cost + signed * price
        paid_in = draw(st.sampled_from(["USDT", "BNB", *(["BTC"] if leg.spot and side is Side.BUY else [])]))
        fee = to_ledger(quantity * D("0.001"))
        _, fill = trade(leg, side, str(quantity), str(price), fee=str(fee), paid_in=paid_in, hours=hour)
        trades.append((leg, replace(fill, realized=realized)))
    perp, bnb = draw(prices), draw(prices) * 6
    now = replace(standing(str(draw(prices)), str(perp), BNB=str(bnb)),
                  unrealized=to_ledger(position * perp - cost))  # fmt: skip
    fundings = tuple(
        (NOON + timedelta(hours=8 * i), to_ledger(draw(prices) / 700)) for i in range(draw(st.integers(0, 3)))
    )
    charges = tuple(
        Charge(at=NOON + timedelta(hours=i), asset=draw(st.sampled_from(["BTC", "BNB"])), amount=D("0.00012345"),
               value=to_ledger(D("0.00012345") * draw(prices)))
        for i in range(draw(st.integers(0, 3)))
    )  # fmt: skip
    state = draw(st.sampled_from([SpreadState.HEDGED, SpreadState.FLAT, SpreadState.EXPOSED]))
    return spread_of(*trades, state=state), now, bnb, fundings, charges


@settings(max_examples=400, deadline=None)
@given(histories())
def test_the_parts_sum_to_the_change_of_the_balances(
    history: History,
) -> None:
    spread, now, bnb, fundings, charges = history

    lines = booked(spread, now, fundings, charges)

    cash, coins, bnb_spot, bnb_futures = ZERO, ZERO, ZERO, ZERO  # what the account gained
    for leg, fill in spread.fills:
        if leg.spot:
            coins += fill.side.sign * fill.quantity - (fill.fee if fill.fee_asset == "BTC" else ZERO)
            cash -= fill.side.sign * fill.notional
        cash += (fill.realized or ZERO) - (fill.fee if fill.fee_asset == "USDT" else ZERO)
        if fill.fee_asset == "BNB" and leg.spot:
            bnb_spot -= fill.fee
        elif fill.fee_asset == "BNB":
            bnb_futures -= fill.fee
    for charge in charges:
        coins -= charge.amount if charge.asset == "BTC" else ZERO
        bnb_spot -= charge.amount if charge.asset == "BNB" else ZERO
    cash += sum((amount for _, amount in fundings), ZERO)
    worth = sum(to_ledger(q * p) for q, p in ((coins, now.spot_price), (bnb_spot, bnb), (bnb_futures, bnb)))
    assert sum((line.profit.total for line in lines), ZERO) == cash + worth + now.unrealized
    for line in lines:
        assert all(
            value == to_ledger(value) for value in (line.profit.price, line.profit.basis, line.profit.dust)
        )


@given(st.decimals("0.001", "5", places=3), prices, prices, prices, prices)
def test_a_hedge_of_equal_legs_earns_nothing_from_price(
    quantity: Decimal, perp_in: Decimal, spot_in: Decimal, spot_out: Decimal, perp_out: Decimal
) -> None:
    trades = (
        trade(PERP_IN, Side.SELL, str(quantity), str(perp_in)),
        trade(SPOT_IN, Side.BUY, str(quantity), str(spot_in)),
        trade(SPOT_OUT, Side.SELL, str(quantity), str(spot_out)),
        trade(
            PERP_OUT, Side.BUY, str(quantity), str(perp_out), realized=str(quantity * (perp_in - perp_out))
        ),
    )

    earned = split(spread_of(*trades, state=SpreadState.FLAT), standing("77"))

    assert earned == Profit(basis=quantity * ((perp_in - spot_in) - (perp_out - spot_out)))


@pytest.mark.parametrize("step", ["0", "0.001"])
def test_an_empty_spread_earns_nothing(step: str) -> None:
    now = replace(standing(), step=D(step))

    assert split(spread_of(), now) == Profit()


def test_what_several_spreads_left_is_worth_what_the_wallet_shows() -> None:
    worth = Worth({"BTC": D("48791.41")})

    parts = [worth.add(Wallet.SPOT, "BTC", D(left)) for left in ("0.00000478", "0.00000999", "0.00000001")]

    assert sum(parts) == to_ledger(D("0.00001478") * D("48791.41"))
    assert parts[0] == worth.add(Wallet.MARGIN, "BTC", D("0.00000478"))  # another wallet begins anew

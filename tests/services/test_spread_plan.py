"""A plan states every cost, and refuses for every reason, before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from atapi.domain.account import Balance, BnbDiscount, FeeRates, FuturesAccount, LeverageBracket, Wallet
from atapi.domain.amounts import BPS, parse_amount
from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Depth, FundingTerms, Level, MarkPrice
from atapi.domain.spreads import Pair
from atapi.errors import Refused, UsageError
from atapi.services.manner import Manner
from atapi.services.spread_plan import Facts, Limits, plan_open

D = Decimal
AT = datetime(2026, 1, 1, tzinfo=UTC)


def instrument(market: Market, tick: str, lot: str, least: str) -> Instrument:
    return Instrument(
        market=market, symbol="BTCUSDT", base_asset="BTC", quote_asset="USDT", status="TRADING",
        perpetual=market is Market.UM, tick_size=D(tick), lot_size=D(lot), min_quantity=D(lot),
        max_quantity=D(1000), min_notional=D(least),
    )  # fmt: skip


def book(bid: str, ask: str, quantity: str = "10") -> Depth:
    return Depth(symbol="BTCUSDT", bids=(Level(D(bid), D(quantity)),), asks=(Level(D(ask), D(quantity)),))


def balance(wallet: Wallet, asset: str, free: str) -> Balance:
    return Balance(wallet=wallet, asset=asset, free=D(free), locked=D(0))


FACTS = Facts(
    pair=Pair(spot=instrument(Market.SPOT, "0.01", "0.00001", "5"), perp=instrument(Market.UM, "0.1", "0.001", "50")),
    spot_book=book("49995", "50005"),
    perp_book=book("50045", "50055"),
    spot_fees=FeeRates(maker=D("0.001"), taker=D("0.001")),
    perp_fees=FeeRates(maker=D("0.0002"), taker=D("0.0005")),
    bnb=BnbDiscount(spot=False, futures=False),
    spot_balances=[balance(Wallet.SPOT, "USDT", "50000")],
    futures_balances=[balance(Wallet.FUTURES, "USDT", "50000")],
    futures=FuturesAccount(
        wallet_balance=D(50000), margin_balance=D(50000), available=D(50000), initial_margin=D(0),
        maintenance_margin=D(0), multi_assets=False, hedge_mode=False,
    ),
    mark=MarkPrice(
        symbol="BTCUSDT", mark_price=D(50050), index_price=D(50000), funding_rate=D("0.0001"),
        next_funding_at=AT + timedelta(hours=8), at=AT,
    ),
    terms=FundingTerms(symbol="BTCUSDT", interval=timedelta(hours=8), cap=None, floor=None),
    brackets=[
        LeverageBracket(
            notional_floor=D(0), notional_cap=D(300_000), leverage=150, maintenance_rate=D("0.004"),
            maintenance_offset=D(0),
        )
    ],
    leverage=2,
    bnb_price=None,
)  # fmt: skip
THOUSAND = parse_amount("1000usdt")


def test_the_size_fits_the_dearer_leg_and_both_lots() -> None:
    plan = plan_open(FACTS, THOUSAND, Limits())

    # one unit costs 50 005 / 0.999 = 50 055.06 on spot: 1000 / 50 055.06 = 0.01997…, down to the lot of 0.001
    assert plan.quantity == D("0.019")
    assert plan.spot.quantity == D("0.01902")  # 0.019 / 0.999 = 0.0190190…, up to the spot lot
    assert plan.perp.notional <= 1000
    assert plan.spot.notional <= 1000


def test_a_round_trip_is_four_fees_and_both_spreads() -> None:
    trip = plan_open(FACTS, THOUSAND, Limits()).round_trip

    assert trip.spot_fees == 20 * BPS
    assert trip.perp_fees == 10 * BPS
    assert trip.spot_spread == D(10) / D(50000)  # 2 bp
    assert trip.perp_spread == D(10) / D(50050)
    assert trip.impact == 0  # one level holds it all
    assert trip.total.quantize(D("1e-8")) == D("0.00339980")


def test_break_even_counts_whole_intervals() -> None:
    plan = plan_open(FACTS, THOUSAND, Limits())

    assert plan.break_even_intervals == 34  # 33.998 bp at 1 bp per interval
    assert plan.break_even == timedelta(hours=34 * 8)


def test_negative_funding_never_breaks_even() -> None:
    plan = plan_open(replace(FACTS, mark=replace(FACTS.mark, funding_rate=D("-0.0001"))), THOUSAND, Limits())

    assert plan.break_even_intervals is None


def test_limit_prices_never_pay_more_than_the_slippage_allowed() -> None:
    plan = plan_open(FACTS, THOUSAND, Limits(max_slippage=5 * BPS))

    assert plan.perp.limit_price == D("50020.0")  # 50 045 * 0.9995 = 50 019.98, up to the tick
    assert plan.spot.limit_price == D("50030.00")  # 50 005 * 1.0005 = 50 030.0025, down to the tick


def test_with_bnb_nothing_is_kept_in_base_and_fees_shrink() -> None:
    facts = replace(
        FACTS,
        bnb=BnbDiscount(spot=True, futures=True),
        spot_balances=[*FACTS.spot_balances, balance(Wallet.SPOT, "BNB", "1")],
        futures_balances=[*FACTS.futures_balances, balance(Wallet.FUTURES, "BNB", "1")],
    )

    plan = plan_open(facts, THOUSAND, Limits())

    assert plan.base_fee == 0
    assert plan.spot.quantity == plan.quantity
    assert plan.round_trip.spot_fees == 15 * BPS
    assert plan.round_trip.perp_fees == 9 * BPS


def test_bnb_switched_on_but_absent_counts_for_nothing() -> None:
    plan = plan_open(replace(FACTS, bnb=BnbDiscount(spot=True, futures=True)), THOUSAND, Limits())

    assert plan.base_fee == D("0.001")
    assert "no BNB: " in plan.bnb_note


def test_margin_and_liquidation_are_those_after_entry() -> None:
    plan = plan_open(FACTS, THOUSAND, Limits())

    assert plan.margin == D("0.019") * 50045 / 2
    # short: (50 000 + 0.019 * 50 045) / (0.019 * 1.004)
    expected = (D(50000) + D("0.019") * 50045) / (D("0.019") * D("1.004"))
    assert plan.liquidation_price == expected


@pytest.mark.parametrize(
    ("amount", "facts", "limits", "message"),
    [
        ("30usdt", FACTS, Limits(), r"is under BTCUSDT's minimum of 50 USDT"),
        ("0.0005btc", FACTS, Limits(), r"0\.0005 BTC is no multiple of 0\.001"),
        ("60000usdt", FACTS, Limits(), r"spot has 50000\.00 USDT free; 5\d+\.\d\d USDT is needed"),
        ("10000usdt", replace(FACTS, perp_book=book("50045", "50055", "0.01")), Limits(),
         r"expected slippage .*bp on um is over 5\.0bp"),
        ("1000usdt", FACTS, Limits(min_basis=50 * BPS), r"entry basis 8\.00bp is under 50\.00bp"),
        ("10000usdt", replace(FACTS, futures=replace(FACTS.futures, margin_balance=D(5500), available=D(5500))), Limits(),
         r"futures margin would be 91% used \(limit 80%\)"),
        ("1000usdt", replace(FACTS, futures=replace(FACTS.futures, hedge_mode=True)), Limits(), "hedge mode"),
        ("1000usdt", replace(FACTS, perp_book=replace(FACTS.perp_book, bids=())), Limits(), "book of BTCUSDT is empty"),
    ],
)  # fmt: skip
def test_reasons_not_to(amount: str, facts: Facts, limits: Limits, message: str) -> None:
    with pytest.raises(Refused, match=message):
        plan_open(facts, parse_amount(amount), limits)


def test_an_amount_in_another_coin_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="is in ETH"):
        plan_open(FACTS, parse_amount("1eth"), Limits())


def test_all_leaves_room_for_the_fee_and_the_cap() -> None:
    plan = plan_open(FACTS, parse_amount("all"), Limits())

    assert plan.spot.quantity * plan.spot.limit_price <= 50000
    assert plan.quantity >= D("0.99")


def test_too_much_for_a_book_is_told_with_the_slices_that_fit() -> None:
    thin = replace(FACTS, perp_book=book("50045", "50055", "0.05"))

    with pytest.raises(Refused) as refusal:
        plan_open(thin, parse_amount("9000usdt"), Limits())

    # 9000 / 50055.055… is 0.179 perpetual, of which the book holds 0.05: four slices of 0.045
    assert refusal.value.hint == "up to 2502 USDT fits; or --slices 4"


def test_slices_are_judged_by_what_one_of_them_takes() -> None:
    thin = replace(FACTS, perp_book=book("50045", "50055", "0.05"))

    plan = plan_open(thin, parse_amount("9000usdt"), Limits(manner=Manner(slices=4)))

    assert (plan.quantity, plan.style.slices, plan.perp.expected_price) == (D("0.179"), 4, D(50045))
    # now 50045 / 50005 - 1 is 8bp; both legs may slip 5bp each
    assert plan.style.worst_basis is not None
    assert plan.style.worst_basis == D(50045) / D(50005) - 1 - D("0.001")


def test_what_the_joint_lot_leaves_of_the_amount_is_told() -> None:
    plan = plan_open(FACTS, THOUSAND, Limits())

    # 0.019 at 50005 / 0.999, net of the fee kept in coins, is 951.05 of 1000 USDT
    assert plan.quantity == D("0.019")
    assert plan.rest.quantize(D("0.01")) == D("48.95")

"""A reverse plan counts the interest, and refuses for every reason, before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from atapi.domain.account import BnbDiscount
from atapi.domain.amounts import BPS, parse_amount
from atapi.domain.margin import NO_DEBT, MarginAccount, MarginAsset
from atapi.domain.orders import Side
from atapi.errors import Refused, UsageError
from atapi.services.reverse_plan import Credit, plan_reverse
from atapi.services.spread_plan import Facts, Limits
from tests.services.test_spread_plan import FACTS, THOUSAND, book

D = Decimal


def asset(name: str, free: str, *, borrowed: str = "0", interest: str = "0") -> MarginAsset:
    return MarginAsset(asset=name, free=D(free), locked=D(0), borrowed=D(borrowed), interest=D(interest))


ACCOUNT = MarginAccount(
    level=NO_DEBT, collateral_level=NO_DEBT, collateral=D(10_000), may_borrow=True, may_trade=True,
    assets=(asset("USDT", "10000"),),
)  # fmt: skip
CREDIT = Credit(
    account=ACCOUNT, inventory=D(100), allowed=D("0.4"), hourly_rate=D("0.00001"), owed=D(0)
)  # 1 bp in 10 hours
PAYING = replace(FACTS, mark=replace(FACTS.mark, funding_rate=D("-0.0003")))


def holding(*assets: MarginAsset) -> Credit:
    return replace(CREDIT, account=replace(ACCOUNT, assets=(*ACCOUNT.assets, *assets)))


def test_the_perpetual_is_bought_and_as_much_spot_is_borrowed_and_sold() -> None:
    plan = plan_reverse(PAYING, CREDIT, THOUSAND, Limits())

    assert plan.reverse
    assert plan.borrow is not None
    assert plan.quantity == D("0.019")  # 1000 / 50 055, the perpetual's ask, down to the lot of 0.001
    assert (plan.perp.side, plan.perp.touch) == (Side.BUY, 50055)
    assert (plan.spot.side, plan.spot.touch, plan.spot.quantity) == (Side.SELL, 49995, D("0.019"))
    assert (plan.borrow.asset, plan.borrow.quantity) == ("BTC", D("0.019"))
    assert plan.base_fee == 0  # a sale pays its fee in what it brings


def test_interest_of_an_interval_is_taken_off_what_funding_pays() -> None:
    plan = plan_reverse(PAYING, CREDIT, THOUSAND, Limits())

    # 3 bp of funding, less 8 hours at 0.1 bp
    assert plan.income_rate == D("0.00022")
    assert plan.borrow is not None
    assert plan.borrow.interest(timedelta(days=1)) == D("0.00024")
    # 30 bp of fees, 2 bp of spot's spread, 2 bp of the perpetual's, 0.1 bp for the hour that has begun; 2.2 bp each
    cost = plan.round_trip.total + D("0.00001")
    assert cost / D("0.00022") == pytest.approx(D("15.5"), abs=D("0.1"))
    assert plan.break_even_intervals == 16
    assert plan.break_even == 16 * timedelta(hours=8)


@pytest.mark.parametrize("rate", ["0.0003", "0", "-0.00007"])  # the last is less than the interest
def test_what_does_not_pay_is_planned_all_the_same_and_says_so(rate: str) -> None:
    facts = replace(FACTS, mark=replace(FACTS.mark, funding_rate=D(rate)))

    assert plan_reverse(facts, CREDIT, THOUSAND, Limits()).break_even_intervals is None


def test_the_level_after_it_counts_the_proceeds_as_collateral() -> None:
    plan = plan_reverse(PAYING, CREDIT, THOUSAND, Limits())

    assert plan.borrow is not None
    assert plan.borrow.level == (10_000 + plan.spot.notional) / plan.spot.notional


def test_a_long_is_liquidated_below() -> None:
    facts = replace(
        PAYING, futures=replace(PAYING.futures, margin_balance=D(200), available=D(200)), leverage=20
    )

    plan = plan_reverse(facts, CREDIT, THOUSAND, Limits())

    # (200 - 0.019 * 50 055) / (0.019 * 0.004 - 0.019) = 39 687.4…
    assert plan.liquidation_price is not None
    assert plan.liquidation_price.quantize(D("0.1")) == D("39687.4")
    assert plan.liquidation_distance is not None
    assert plan.liquidation_distance < 0


@pytest.mark.parametrize(
    ("share", "credit", "quantity"),
    [
        ("all", CREDIT, "0.199"),  # 10 000 of collateral bear 10 000 of debt at level 2
        ("50%", CREDIT, "0.099"),
        ("all", replace(CREDIT, inventory=D("0.0501")), "0.05"),
        ("all", replace(CREDIT, allowed=D("0.0501")), "0.05"),
    ],
)
def test_a_share_is_of_what_may_be_borrowed(share: str, credit: Credit, quantity: str) -> None:
    plan = plan_reverse(PAYING, credit, parse_amount(share), Limits())

    assert plan.quantity == D(quantity)


def test_base_asset_is_taken_exactly() -> None:
    assert plan_reverse(PAYING, CREDIT, parse_amount("0.05btc"), Limits()).quantity == D("0.05")
    with pytest.raises(UsageError):
        plan_reverse(PAYING, CREDIT, parse_amount("1eth"), Limits())


@pytest.mark.parametrize(
    ("credit", "amount", "message", "hint"),
    [
        (
            replace(CREDIT, inventory=D("0.01")),
            "1000usdt",
            "lenders have 0.01 BTC left; 0.019 BTC is to be borrowed",
            "a smaller AMOUNT, or later",
        ),
        (
            replace(CREDIT, allowed=D("0.01")),
            "1000usdt",
            "margin may borrow 0.01 BTC; 0.019 BTC is needed",
            "a smaller AMOUNT: the venue's own limit",
        ),
        (
            replace(CREDIT, account=replace(ACCOUNT, collateral=D(0), assets=())),
            "1000usdt",
            "margin level would be 1.00 after borrowing 0.019 BTC (limit 2)",
            "transfer 950usdt spot margin",  # 0.019 * 49 995 = 949.905, as much again as is borrowed
        ),
        (
            replace(CREDIT, account=replace(ACCOUNT, collateral_level=D("2.1"), collateral=D(2100))),
            "1000usdt",
            "margin level would be 1.56 after borrowing 0.019 BTC (limit 2)",  # (2100 + 950) / (1000 + 950)
            "transfer 850usdt spot margin",  # 2 * 1949.905 - 3049.905 = 849.905
        ),
        (
            holding(asset("BTC", "0.5")),
            "1000usdt",
            "margin holds 0.5 BTC of its own; selling would take those instead of borrowing",
            "transfer 0.5btc margin spot",
        ),
        (
            holding(asset("BTC", "0", borrowed="0.02", interest="0.0001")),
            "1000usdt",
            "margin already owes 0.0201 BTC that no spread here borrowed",
            "repay it first: its interest could not be told from the spread's",
        ),
        (
            replace(CREDIT, account=replace(ACCOUNT, may_trade=False)),
            "1000usdt",
            "the margin account may not trade",
            "balance --wallet margin",
        ),
    ],
    ids=["inventory", "limit", "no collateral", "level", "coins", "debt", "no trading"],
)
def test_what_cannot_be_borrowed_well_is_refused_with_the_figures(
    credit: Credit, amount: str, message: str, hint: str
) -> None:
    with pytest.raises(Refused) as refusal:
        plan_reverse(PAYING, credit, parse_amount(amount), Limits())

    assert (refusal.value.message, refusal.value.hint) == (message, hint)


def test_dust_of_an_earlier_spread_does_not_stand_in_the_way() -> None:
    credit = holding(asset("BTC", "0.000009", borrowed="0.000001"))

    assert plan_reverse(PAYING, credit, THOUSAND, Limits()).quantity == D("0.019")


def test_what_the_standing_spread_owes_is_no_foreign_debt() -> None:
    credit = replace(holding(asset("BTC", "0", borrowed="0.02", interest="0.0001")), owed=D("0.0201"))

    assert plan_reverse(PAYING, credit, THOUSAND, Limits()).quantity == D("0.019")


def test_the_futures_wallet_must_back_the_long() -> None:
    facts = replace(PAYING, futures=replace(PAYING.futures, margin_balance=D(400), available=D(400)))

    with pytest.raises(Refused, match=r"futures margin would be 119% used \(limit 80%\)"):
        plan_reverse(facts, CREDIT, THOUSAND, Limits())


def test_both_books_are_held_to_the_slippage() -> None:
    thin = replace(PAYING, spot_book=book("49995", "50005", "0.01"))

    with pytest.raises(Refused, match=r"expected slippage .* on spot is over 5\.0bp"):
        plan_reverse(thin, CREDIT, THOUSAND, Limits())


def test_a_least_basis_is_a_least_discount() -> None:
    # bought at 50 055, sold at 49 995: a premium of 12 bp is paid
    with pytest.raises(Refused, match=r"entry basis 12\.00bp is over -1\.00bp"):
        plan_reverse(PAYING, CREDIT, THOUSAND, Limits(min_basis=BPS))


@pytest.mark.parametrize(
    ("facts", "credit", "note"),
    [
        (PAYING, CREDIT, "no BNB on margin: closing buys the fee in BTC on top"),
        (
            replace(PAYING, bnb=BnbDiscount(spot=True, futures=False)),
            holding(asset("BNB", "2")),
            "fees in BNB on spot (2 spot, 0 futures)",
        ),
    ],
)
def test_fees_come_from_the_margin_wallet(facts: Facts, credit: Credit, note: str) -> None:
    assert plan_reverse(facts, credit, THOUSAND, Limits()).bnb_note == note

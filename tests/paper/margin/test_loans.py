"""Borrowing, interest by the hour and repayment, with the arithmetic shown."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from atapi.matching.ledger import LENDERS
from atapi.paper.exchange import Exchange
from atapi.paper.records import Refusal
from tests.paper.feed_of_bars import DEFAULT, HOUR, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import free, funded, world

HOURLY = D("0.0551375")  # 10 000 USDT * 0.00013233 / 24
ALWAYS = (0, 10**15)


def borrower(exchange: Exchange, **amounts: str) -> str:
    return funded(exchange, **(amounts or {"margin_BTC": "1"}))


def owed(exchange: Exchange, account: str, asset: str = "USDT") -> tuple[Decimal, Decimal]:
    debt = exchange.margin.standing(account).debts.get(asset)
    return (D(0), D(0)) if debt is None else (debt.principal, debt.interest)


def test_a_loan_is_in_the_wallet_and_its_first_hour_is_owed() -> None:
    exchange = world()
    account = borrower(exchange)

    loan = exchange.margin.borrow(account, "USDT", D(10_000))

    assert free(exchange, account, "USDT", "margin") == 10_000
    assert owed(exchange, account) == (10_000, HOURLY)
    assert (loan.loan_id, loan.kind, loan.principal, loan.interest) == (100_000_001, "BORROW", 10_000, 0)
    standing = exchange.margin.standing(account)
    assert standing.assets_value == 60_000  # 1 BTC at 50 000, and the loan
    assert standing.margin_level == D(60_000) / (10_000 + HOURLY)


def test_borrowed_at_1320_and_repaid_at_1415_is_two_hours() -> None:
    exchange = world(at_ms=T0 + 13 * HOUR + 20 * MINUTE)
    account = borrower(exchange)
    exchange.margin.borrow(account, "USDT", D(10_000))

    exchange.advance(55 * MINUTE)

    assert owed(exchange, account) == (10_000, 2 * HOURLY)
    first, second = reversed(exchange.margin.interest(account, *ALWAYS))
    assert (first.kind, first.time_ms) == ("ON_BORROW", T0 + 13 * HOUR + 20 * MINUTE)
    assert (second.kind, second.time_ms, second.amount) == ("PERIODIC", T0 + 14 * HOUR, HOURLY)


def test_interest_bears_none() -> None:
    exchange = world()
    account = borrower(exchange)
    exchange.margin.borrow(account, "USDT", D(10_000))

    exchange.advance(48 * HOUR)

    assert owed(exchange, account) == (10_000, 49 * HOURLY)


def test_any_steps_charge_the_same() -> None:
    at_once, step_by_step = world(), world()
    for exchange in (at_once, step_by_step):
        exchange.margin.borrow(borrower(exchange), "USDT", D(10_000))

    at_once.advance(5 * HOUR)
    for _ in range(50):
        step_by_step.advance(6 * MINUTE)

    assert owed(at_once, "1") == owed(step_by_step, "1") == (10_000, 6 * HOURLY)


def test_a_repayment_pays_interest_first() -> None:
    exchange = world()
    account = borrower(exchange)
    exchange.margin.borrow(account, "USDT", D(10_000))

    part = exchange.margin.repay(account, "USDT", D("0.05"))
    rest = exchange.margin.repay(account, "USDT", D(1000))

    assert (part.interest, part.principal) == (D("0.05"), 0)
    assert (rest.interest, rest.principal) == (D("0.0051375"), D("999.9948625"))
    assert owed(exchange, account) == (D("9000.0051375"), 0)


def test_who_repays_all_owes_nothing_and_is_charged_no_more() -> None:
    exchange = world()
    account = borrower(exchange, margin_BTC="1", margin_USDT="1")
    exchange.margin.borrow(account, "USDT", D(10_000))

    exchange.margin.repay(account, "USDT", 10_000 + HOURLY)
    exchange.advance(3 * HOUR)

    assert exchange.margin.standing(account).debts == {}
    assert exchange.margin.standing(account).margin_level == 999
    assert free(exchange, account, "USDT", "margin") == 1 - HOURLY
    assert len(exchange.margin.interest(account, *ALWAYS)) == 1


def test_interest_is_paid_in_bnb_where_asked_and_there_is_some() -> None:
    exchange = world()
    account = borrower(exchange, margin_BTC="1", margin_BNB="0.00015")
    exchange.margin.set_interest_in_bnb(account, True)

    exchange.margin.borrow(account, "USDT", D(10_000))
    exchange.advance(HOUR)

    # 0.0551375 USDT / 500 a BNB * 0.95 = 0.00010476 BNB; the second hour finds only 0.00004524
    second, first = exchange.margin.interest(account, *ALWAYS)
    assert (first.kind, first.asset, first.raw_asset, first.amount) == (
        "ON_BORROW_CONVERTED", "BNB", "USDT", D("0.00010476"),
    )  # fmt: skip
    assert (second.kind, second.asset, second.amount) == ("PERIODIC", "USDT", HOURLY)
    assert free(exchange, account, "BNB", "margin") == D("0.00004524")


@pytest.mark.parametrize(
    ("asset", "amount", "code"),
    [
        ("USDT", "100000.00000001", -3006),  # 2 * 50 000
        ("BTC", "2.00000001", -3006),
        ("USDT", "0", -3013),
        ("USDT", "-1", -3013),
        ("USDT", "NaN", -1130),
        ("USDT", "0.000000001", -1111),
        ("DOGE", "1", -3027),
    ],
)
def test_a_loan_that_may_not_be_is_refused_and_moves_nothing(asset: str, amount: str, code: int) -> None:
    exchange = world()
    account = borrower(exchange)

    with pytest.raises(Refusal) as caught:
        exchange.margin.borrow(account, asset, D(amount))

    assert caught.value.code == code
    assert exchange.balances(account, "margin") == {"BTC": (1, 0)}


def test_collateral_bounds_what_may_be_borrowed() -> None:
    exchange = world()
    account = borrower(exchange)

    assert exchange.margin.borrowable(account, "USDT") == (100_000, 2_000_000)  # 2 * 1 BTC at 50 000
    exchange.margin.borrow(account, "USDT", D(60_000))

    # collateral 110 000, debts 60 000.330825: (110 000 - 1.5 * 60 000.330825) / 0.5
    assert exchange.margin.borrowable(account, "USDT")[0] == D("39999.007525")


def test_the_limit_and_the_inventory_bound_it_too() -> None:
    exchange = world()
    rich = [borrower(exchange, margin_USDT="5000000") for _ in range(26)]

    assert exchange.margin.borrowable(rich[0], "BTC") == (40, 40)  # 2 000 000 / 50 000
    for account in rich[:25]:
        exchange.margin.borrow(account, "BTC", D(40))

    with pytest.raises(Refusal) as over_limit:
        exchange.margin.borrow(rich[0], "BTC", D(1))
    with pytest.raises(Refusal) as sold_out:
        exchange.margin.borrow(rich[25], "BTC", D(1))
    assert (over_limit.value.code, sold_out.value.code) == (-3006, -3045)
    assert exchange.margin.inventory("BTC") == 0


@pytest.mark.parametrize(("amount", "code"), [("0", -3016), ("10001", -3015), ("9500", -3041)])
def test_a_repayment_that_may_not_be_is_refused(amount: str, code: int) -> None:
    exchange = world()
    account = borrower(exchange)
    exchange.margin.borrow(account, "USDT", D(10_000))
    exchange.transfer(account, "MARGIN_MAIN", "USDT", D(1000))

    with pytest.raises(Refusal) as caught:
        exchange.margin.repay(account, "USDT", D(amount))

    assert caught.value.code == code


def test_what_debts_need_cannot_leave() -> None:
    exchange = world()
    account = borrower(exchange)
    exchange.margin.borrow(account, "USDT", D(10_000))
    most = exchange.margin.transferable(account, "USDT")

    assert most == 10_000  # all of it: 50 000 of collateral stay for 10 000.0551375
    # 60 000 - 2 * 10 000.0551375 = 39 999.889725 may leave, at 50 000 a BTC
    assert exchange.margin.transferable(account, "BTC") == D("0.79999779")
    for asset, amount, code in (("BTC", "0.8", -3020), ("BTC", "1.1", -3041), ("DOGE", "1", -3041)):
        with pytest.raises(Refusal) as caught:
            exchange.transfer(account, "MARGIN_MAIN", asset, D(amount))
        assert caught.value.code == code
    exchange.transfer(account, "MARGIN_MAIN", "BTC", D("0.79999779"))
    exchange.advance(HOUR)
    with pytest.raises(Refusal) as below:
        exchange.transfer(account, "MARGIN_MAIN", "USDT", D(1))
    assert below.value.code == -3023


def test_only_margin_assets_come_in() -> None:
    exchange = world()
    account = funded(exchange, spot_DOGE="5")

    with pytest.raises(Refusal) as caught:
        exchange.transfer(account, "MAIN_MARGIN", "DOGE", D(1))

    assert caught.value.code == -3027


def test_what_lenders_gave_they_claim() -> None:
    exchange = world()
    account = borrower(exchange)
    exchange.margin.borrow(account, "USDT", D(10_000))

    assert exchange.balances(LENDERS, "margin")["USDT"] == (-10_000, 0)
    assert exchange.balances(LENDERS, "loan")["USDT"] == (10_000, 0)
    assert exchange.balances(LENDERS, "interest")["USDT"] == (HOURLY, 0)


def test_debts_survive_a_restart_and_go_on(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite")
    exchange = world(FeedOfBars(DEFAULT), path=path)
    account = borrower(exchange)
    exchange.margin.borrow(account, "USDT", D(10_000))
    exchange.advance(30 * MINUTE)

    again = world(FeedOfBars(DEFAULT), at_ms=T0 + 150 * MINUTE, path=path)

    assert owed(again, account) == (10_000, 3 * HOURLY)  # 00:00, 01:00, 02:00
    again.margin.borrow(account, "USDT", D(1))
    assert again.margin.loans(account, "BORROW", *ALWAYS)[0].loan_id == 100_000_002

"""Accounts, deposits and moves between wallets."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atapi.paper.accounts import random_key
from atapi.paper.records import Refusal
from tests.paper.feed_of_bars import T0, D
from tests.paper.worlds import at_market, free, funded, limit, world


def test_accounts_have_keys_of_their_own() -> None:
    exchange = world()
    first, second = exchange.create_account("ann"), exchange.create_account("bob")

    assert (first.account, first.name, first.created_ms) == ("1", "ann", T0)
    assert exchange.account_of_key(second.api_key) == second
    assert exchange.account_of_key("no such key") is None
    assert exchange.accounts() == [first, second]


def test_keys_look_like_binances_and_are_never_the_same() -> None:
    keys = [part for _ in range(20) for part in random_key()]

    assert len(set(keys)) == 40
    assert all(len(key) == 64 and key.isalnum() and key.isascii() for key in keys)


def test_a_transfer_moves_funds_and_is_kept() -> None:
    exchange = world()
    account = funded(exchange)

    record = exchange.transfer(account, "MAIN_UMFUTURE", "USDT", D("250.5"))

    assert free(exchange, account, "USDT") == D("999749.5")
    assert free(exchange, account, "USDT", "um") == D("100250.5")
    assert exchange.transfers(account) == [record]
    assert (record.kind, record.amount, record.time_ms) == ("MAIN_UMFUTURE", D("250.5"), T0)
    last = exchange.income(account)[-1]
    assert (last.kind, last.symbol, last.amount) == ("TRANSFER", "", D("250.5"))


@pytest.mark.parametrize("kind", ["MAIN_FUNDING", "MAIN_MARGIN", "MAIN_UMFUTURE"])
def test_there_and_back_again(kind: str) -> None:
    exchange = world()
    account = funded(exchange)
    back = "_".join(reversed(kind.split("_")))

    exchange.transfer(account, kind, "BTC", D(3))
    assert free(exchange, account, "BTC") == 7
    exchange.transfer(account, back, "BTC", D(3))

    assert exchange.balances(account, "spot")["BTC"] == (10, 0)


@pytest.mark.parametrize(
    ("kind", "asset", "amount", "code"),
    [
        ("MAIN_UMFUTURE", "USDT", "1000000.00000001", -5013),
        ("MAIN_UMFUTURE", "DOGE", "1", -5013),
        ("UMFUTURE_MAIN", "USDT", "100001", -5013),
        ("MAIN_UMFUTURE", "USDT", "0", -1130),
        ("MAIN_UMFUTURE", "USDT", "-5", -1130),
        ("MAIN_UMFUTURE", "USDT", "NaN", -1130),
        ("MAIN_UMFUTURE", "USDT", "Infinity", -1130),
        ("MAIN_UMFUTURE", "USDT", "0.000000001", -1111),
        ("MAIN_MAIN", "USDT", "1", -1130),
        ("MAIN_MOON", "USDT", "1", -1130),
        ("MAIN", "USDT", "1", -1130),
    ],
)
def test_a_refused_transfer_moves_nothing(kind: str, asset: str, amount: str, code: int) -> None:
    exchange = world()
    account = funded(exchange)

    with pytest.raises(Refusal) as caught:
        exchange.transfer(account, kind, asset, Decimal(amount))

    assert caught.value.code == code
    assert free(exchange, account, "USDT") == 1_000_000
    assert exchange.transfers(account) == []


def test_what_orders_hold_and_margin_needs_cannot_leave() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.place(account, "spot", limit("BUY", "10", "49000"))
    exchange.place(account, "um", at_market("SELL", "1"))
    available = exchange.futures_totals(account).available

    for kind, amount in (("MAIN_UMFUTURE", D(510_001)), ("UMFUTURE_MAIN", available + D("0.00000001"))):
        with pytest.raises(Refusal, match="insufficient"):
            exchange.transfer(account, kind, "USDT", amount)
    exchange.transfer(account, "UMFUTURE_MAIN", "USDT", available)

    assert exchange.futures_totals(account).available == 0


def test_unrealized_profit_cannot_leave() -> None:
    exchange = world()
    account = funded(exchange, um_USDT="3000")
    exchange.place(account, "um", limit("SELL", "0.1", "49000", time_in_force="IOC"))

    totals = exchange.futures_totals(account)
    assert totals.available < totals.wallet_balance


@pytest.mark.parametrize(
    ("wallet", "amount"), [("moon", "1"), ("spot", "0"), ("spot", "-1"), ("spot", "1e16"), ("spot", "1e-9")]
)
def test_a_deposit_that_is_none_is_refused(wallet: str, amount: str) -> None:
    exchange = world()
    account = funded(exchange)

    with pytest.raises(Refusal):
        exchange.deposit(account, wallet, "USDT", D(amount))


def test_open_interest_counts_accounts_beside_the_crowd() -> None:
    exchange = world()
    account = funded(exchange)
    before = exchange.open_interest("BTCUSDT")

    exchange.place(account, "um", at_market("SELL", "0.7"))

    assert exchange.open_interest("BTCUSDT") == before + D("0.7")

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any

import pytest

from atapi.domain.account import (
    Balance,
    FeeRates,
    FuturesAccount,
    Income,
    LeverageBracket,
    Position,
    Wallet,
)
from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side
from atapi.errors import OutcomeUnknown, VenueUnreachable
from atapi.exchanges.binance import parse
from atapi.exchanges.binance import parse_account as account
from tests.exchanges.binance.conftest import payload

AT = datetime(2026, 11, 21, 2, 33, 0, 123000, tzinfo=UTC)  # 1795228380123


def test_a_spot_order_as_placed() -> None:
    assert account.spot_order(payload("spot_order_full")) == Order(
        market=Market.SPOT,
        symbol="BTCUSDT",
        order_id="28457",
        client_order_id="at-aaaa-1s1",
        side=Side.BUY,
        type="LIMIT",
        status=OrderStatus.EXPIRED,
        quantity=D("0.014"),
        filled=D("0.013"),
        quote_filled=D("1005.0612"),
        price=D(77320),
        reduce_only=False,
        created_at=AT,
        updated_at=AT,
    )


def test_a_spot_order_as_asked_for_knows_both_its_times() -> None:
    order = account.spot_order(payload("spot_order_query"))

    assert (order.status, order.average_price) == (OrderStatus.FILLED, D("77312.4"))  # 1082.3736 / 0.014
    assert (order.created_at, order.updated_at) == (AT, AT.replace(second=1, microsecond=456000))


def test_a_canceled_spot_order_keeps_our_id_not_the_cancel_s() -> None:
    order = account.spot_order(payload("spot_order_cancel"))

    assert (order.client_order_id, order.status) == ("at-aaaa-1s1", OrderStatus.CANCELED)


def test_a_spot_quote_the_venue_does_not_know_is_absent() -> None:
    order = account.spot_order({**payload("spot_order_query"), "cummulativeQuoteQty": "-1.00000000"})

    assert order.quote_filled is None


def test_a_futures_order_as_placed_tells_no_price() -> None:
    order = account.um_order(payload("um_order_result"))

    assert order.order_id == "8389765512345678901"  # past what a float can hold
    assert (order.filled, order.quote_filled, order.average_price) == (D("0.014"), None, None)
    assert not order.reduce_only
    assert order.created_at == order.updated_at


def test_a_futures_order_as_asked_for_tells_what_was_paid() -> None:
    order = account.um_order(payload("um_order_query"))

    assert (order.quote_filled, order.average_price) == (D("1082.627"), D("77330.5"))
    assert order.reduce_only
    assert order.created_at < order.updated_at


def test_spot_fills() -> None:
    bought, sold = map(account.spot_fill, payload("my_trades"))

    assert bought == Fill(
        market=Market.SPOT,
        symbol="BTCUSDT",
        trade_id="99",
        order_id="28457",
        side=Side.BUY,
        price=D("77312.4"),
        quantity=D("0.013"),
        fee=D("0.000013"),
        fee_asset="BTC",
        realized=None,
        maker=False,
        at=AT,
    )
    assert (sold.side, sold.maker, sold.fee_asset) == (Side.SELL, True, "BNB")


def test_a_futures_fill_tells_its_realized_profit() -> None:
    [fill] = map(account.um_fill, payload("user_trades"))

    assert (fill.side, fill.quantity, fill.fee, fill.realized) == (
        Side.SELL,
        D("0.014"),
        D("0.5413135"),
        D("-0.91539999"),
    )


def test_balances_of_every_wallet() -> None:
    spot = [account.spot_balance(row) for row in payload("spot_account")["balances"]]
    margin = [account.margin_balance(row) for row in payload("margin_account")["userAssets"]]
    funding = [account.funding_balance(row) for row in payload("funding_wallet")]

    assert spot[1] == Balance(wallet=Wallet.SPOT, asset="USDT", free=D(900), locked=D("99.5"))
    assert margin[0] == Balance(wallet=Wallet.MARGIN, asset="BTC", free=D("0.004995"), locked=D("0.001"))
    assert funding[0] == Balance(wallet=Wallet.FUNDING, asset="USDT", free=D(1), locked=D("2.75"))  # .5+.25+2


def test_a_futures_balance_sums_to_the_wallet_even_when_profit_makes_more_available() -> None:
    usdt, bnb, _ = map(account.um_balance, payload("um_balance"))

    assert (usdt.free, usdt.locked, usdt.total) == (D("750.25"), D("250.25"), D("1000.5"))
    assert (bnb.free, bnb.locked) == (D("0.1"), D(0))  # 0.12 available of 0.1 held


def test_the_futures_account_has_its_modes() -> None:
    assert account.um_account(payload("um_account"), payload("um_account_config")) == FuturesAccount(
        wallet_balance=D("1000.5"),
        margin_balance=D("999.25"),
        available=D(749),
        initial_margin=D("250.25"),
        maintenance_margin=D("4.33"),
        multi_assets=True,
        hedge_mode=False,
    )


def test_a_position() -> None:
    short, _, safe = map(account.position, payload("position_risk"))

    assert short == Position(
        symbol="BTCUSDT",
        position_side="BOTH",
        quantity=D("-0.014"),
        entry_price=D("77330.5"),
        mark_price=D("77320.551243"),
        liquidation_price=D("148120.33"),
        leverage=None,
        initial_margin=D("216.49754348"),
        maintenance_margin=D("4.32995087"),
        unrealized=D("0.1392826"),
        adl=2,
    )
    assert safe.liquidation_price is None  # "0": there is none


def test_income_of_no_symbol() -> None:
    funding, transfer, _ = map(account.income, payload("income"))

    assert funding == Income(
        symbol="BTCUSDT",
        kind="FUNDING_FEE",
        amount=D("0.09712345"),
        asset="USDT",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        income_id="9689322393",
    )
    assert transfer.symbol == ""


def test_a_bracket_is_exact_though_the_wire_has_numbers() -> None:
    second, first = map(account.bracket, payload("leverage_bracket")[0]["brackets"])

    assert first == LeverageBracket(
        notional_floor=D(0),
        notional_cap=D(300_000),
        leverage=150,
        maintenance_rate=D("0.004"),
        maintenance_offset=D(0),
    )
    assert (second.maintenance_rate, second.maintenance_offset) == (D("0.005"), D(300))


def test_spot_fees_are_the_sum_of_what_is_charged() -> None:
    rates = account.spot_fees(payload("spot_commission"))

    assert rates == FeeRates(maker=D("0.00091"), taker=D("0.00102"))  # 9 + 0.1 bp, 10 + 0.2 bp


def test_futures_fees() -> None:
    row = {"symbol": "BTCUSDT", "makerCommissionRate": "0.0002", "takerCommissionRate": "0.0005"}

    assert account.um_fees(row) == FeeRates(maker=D("0.0002"), taker=D("0.0005"))


REQUEST = OrderRequest(
    market=Market.UM,
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.MARKET,
    quantity=D("0.014"),
    client_order_id="at-aaaa-1p1",
)


def test_an_order_s_own_answer_is_trusted() -> None:
    order = account.placed("POST order", account.um_order, payload("um_order_result"), REQUEST)

    assert order.client_order_id == REQUEST.client_order_id


@pytest.mark.parametrize(
    "change",
    [
        {"clientOrderId": "somebody-else-s"},
        {"clientOrderId": ""},
        {"clientOrderId": None},
        {"symbol": "ETHUSDT"},
        {"status": "SOMETHING_NEW"},
        {"status": None},
        {"executedQty": None},
        {"executedQty": "NaN"},
        {"executedQty": "1e"},
        {"orderId": None},
        {"orderId": "22"},
        {"orderId": 1.5},
        {"side": "HOLD"},
        {"updateTime": "soon"},
        {"updateTime": 10**30},
    ],
)
def test_an_answer_that_is_not_wholly_about_our_order_proves_nothing(change: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        account.placed("POST order", account.um_order, {**payload("um_order_result"), **change}, REQUEST)


@pytest.mark.parametrize("field", ["orderId", "clientOrderId", "status", "executedQty"])
def test_an_order_s_answer_without_one_of_the_four_fields_proves_nothing(field: str) -> None:
    for name, function in (("um_order_result", account.um_order), ("spot_order_full", account.spot_order)):
        without = {key: value for key, value in payload(name).items() if key != field}
        request = OrderRequest(
            market=Market.UM,
            symbol="BTCUSDT",
            side=Side.SELL,
            type=OrderType.MARKET,
            quantity=D(1),
            client_order_id=payload(name)["clientOrderId"],
        )

        with pytest.raises(OutcomeUnknown):
            account.placed("POST order", function, without, request)


FIELDS: list[tuple[Callable[[Any], object], Any, str]] = [
    (account.spot_order, payload("spot_order_query"), "cummulativeQuoteQty origQty price side type"),
    (account.um_order, payload("um_order_query"), "reduceOnly origQty price side type updateTime"),
    (account.spot_fill, payload("my_trades")[0], "id orderId isBuyer isMaker price qty commission time"),
    (account.um_fill, payload("user_trades")[0], "id orderId side maker price qty realizedPnl time"),
    (account.spot_balance, payload("spot_account")["balances"][0], "asset free locked"),
    (account.margin_balance, payload("margin_account")["userAssets"][0], "asset free locked"),
    (account.funding_balance, payload("funding_wallet")[0], "asset free locked freeze withdrawing"),
    (account.um_balance, payload("um_balance")[0], "asset balance availableBalance"),
    (
        account.position,
        payload("position_risk")[0],
        "symbol positionAmt entryPrice markPrice liquidationPrice",
    ),
    (account.income, payload("income")[0], "symbol incomeType income asset time tranId"),
    (account.bracket, payload("leverage_bracket")[0]["brackets"][0], "notionalFloor notionalCap cum"),
    (account.spot_fees, payload("spot_commission"), "standardCommission"),
]
CASES = [(function, row, field) for function, row, fields in FIELDS for field in fields.split()]


@pytest.mark.parametrize(("function", "row", "field"), CASES, ids=[f"{f.__name__}-{n}" for f, _, n in CASES])
def test_a_missing_field_is_named_with_its_endpoint(
    function: Callable[[Any], object], row: dict[str, Any], field: str
) -> None:
    without = {name: value for name, value in row.items() if name != field}

    with pytest.raises(VenueUnreachable, match=f"the endpoint: no field '{field}'"):
        parse.read("the endpoint", function, without)

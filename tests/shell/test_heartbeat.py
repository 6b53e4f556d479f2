"""What goes on at the prompt while nobody types."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from atapi import app
from atapi.domain.amounts import parse_amount
from atapi.domain.instruments import Market
from atapi.domain.orders import Side, TimeInForce
from atapi.services.order_plan import Wish
from atapi.settings import Settings
from atapi.shell.context import Context
from atapi.shell.heartbeat import Heartbeat


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    settings = Settings(home=tmp_path, seed=7, at=datetime(2026, 1, 1, tzinfo=UTC))
    session = Context(lambda: settings, lambda s: app.open_services(s, lambda _: None), stderr=io.StringIO())
    with ExitStack() as stack:
        stack.callback(session.close)
        yield session


def said(context: Context) -> str:
    assert isinstance(context.stderr, io.StringIO)
    return context.stderr.getvalue()


def open_and_sell_by_hand(context: Context) -> None:
    spreads = context.services.spreads
    spreads.open(spreads.plan("BTCUSDT", parse_amount("1000usdt")))
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.02"}
    spreads.spot.link.request("POST", "/api/v3/order", order, signed=True)  # type: ignore[attr-defined]


def test_a_difference_is_said_once(context: Context) -> None:
    open_and_sell_by_hand(context)
    heart = Heartbeat(context)

    heart.beat()
    heart.beat()

    assert said(context).count("the spreads account for 0.02") == 1
    assert said(context).startswith("warning: spot holds 0.00")


def test_a_resting_order_that_ended_is_said_once_and_written_down(context: Context) -> None:
    trading = context.services.trading
    wish = Wish(
        side=Side.BUY, amount=parse_amount("0.01btc"), price=Decimal(40000), time_in_force=TimeInForce.GTC
    )
    [row] = trading.place(trading.plan("BTCUSDT", wish, market=Market.SPOT)).attempts
    heart = Heartbeat(context)

    heart.beat()
    order = {"symbol": "BTCUSDT", "origClientOrderId": row.request.client_order_id}
    trading.spot.link.request("DELETE", "/api/v3/order", order, signed=True)  # type: ignore[attr-defined]
    heart.beat()
    heart.beat()

    assert said(context) == "order 1, buy 0.01 BTCUSDT at 40000: CANCELED, 0 filled\n"
    assert trading.finder.unsettled() == []


def test_nothing_is_asked_before_there_is_a_journal(context: Context) -> None:
    Heartbeat(context).beat()

    assert said(context) == ""


def test_it_begins_by_itself_where_a_session_left_a_journal(context: Context) -> None:
    fresh = Heartbeat(context)
    fresh.end()
    fresh.run()
    assert not context.connected

    open_and_sell_by_hand(context)
    context.close()

    class Once(Heartbeat):
        def beat(self) -> None:
            super().beat()
            self.end()

    Once(context).run()
    assert "the spreads account for 0.02" in said(context)

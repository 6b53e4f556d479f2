"""What goes on at the prompt while nobody types."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atapi import app
from atapi.domain.amounts import parse_amount
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

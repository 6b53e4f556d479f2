"""orders as typed."""

from __future__ import annotations

from dataclasses import replace

from atapi.domain.orders import OrderStatus
from tests.shell.commands.desk import Desk
from tests.shell.commands.stock import RESTING

ROW = "17,2026-01-01T08:00:00Z,spot,BTCUSDT,BUY,LIMIT,0.5,0.1,59000,NEW"


def test_open_orders_of_both_markets_are_listed(stocked: Desk) -> None:
    assert stocked.type("orders --csv").lines[1:] == [ROW]
    assert stocked.type("orders --venue futures --csv").lines[1:] == []


def test_done_orders_are_shown_when_asked_for(stocked: Desk) -> None:
    stocked.spot.all_orders = [replace(RESTING, status=OrderStatus.CANCELED)]

    assert stocked.type("orders BTCUSDT").err == "no open orders\n"
    assert stocked.type("orders BTCUSDT --all --csv").lines[1:] == [ROW.replace("NEW", "CANCELED")]

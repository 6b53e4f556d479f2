"""The account is compared with the journal; what differs is adopted, or forbids new risk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import atapi
from atapi.clock import EPOCH
from atapi.desk import Desk
from atapi.domain.orders import Side
from atapi.domain.spreads import LegName
from atapi.errors import Refused, StorageError
from atapi.execution.ids import client_order_id
from atapi.execution.reconcile import Kind

D = Decimal
UM, SPOT = "/fapi/v1/order", "/api/v3/order"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as opened:
        yield opened


def order_by_hand(desk: Desk, path: str, side: Side, quantity: str, **more: Any) -> None:
    venue = desk.services.spreads.futures if path == UM else desk.services.spreads.spot
    terms = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": quantity} | more
    venue.link.request("POST", path, terms, signed=True)  # type: ignore[attr-defined]


def kinds(desk: Desk) -> list[Kind]:
    return [finding.kind for finding in desk.services.reconcile.findings()]


def test_an_account_that_is_as_written_has_no_findings(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")

    assert desk.services.reconcile.table().rows == ()


def test_deleveraging_becomes_the_spreads_own_trade_and_leaves_its_legs_uneven(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    assert desk.services.paper is not None
    desk.services.paper.faults.add(["adl", "BTCUSDT", "side=SHORT", "quantity=0.1"])

    [finding] = desk.services.reconcile.findings()

    [spread] = desk.services.spreads.executor.spreads()
    assert spread.perp_quantity == D("-0.115")
    assert finding.kind is Kind.LEGS
    assert finding.message == (
        f"the legs of #1 differ by {spread.delta} BTC (spot {spread.spot_quantity}, perp -0.115)"
    )
    assert finding.hint == "hedge BTCUSDT"
    with pytest.raises(Refused, match="the legs of #1 differ"):
        desk.services.spreads.plan("BTCUSDT", desk_amount("1000usdt"), add=True)


def first_id(desk: Desk, leg: LegName) -> str:
    journal = desk.services.spreads.executor.journal
    return next(a.request.client_order_id for a, _ in journal.attempts_since(EPOCH) if a.leg is leg)


@pytest.mark.parametrize(
    ("path", "side", "leg", "perpetual"),
    [(UM, Side.SELL, LegName.PERP_ENTRY, "-0.43"), (SPOT, Side.BUY, LegName.SPOT_ENTRY, "-0.215")],
)
def test_an_order_that_was_delivered_twice_is_the_spreads_and_leaves_its_legs_uneven(
    desk: Desk, path: str, side: Side, leg: LegName, perpetual: str
) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    order_by_hand(desk, path, side, "0.215", newClientOrderId=first_id(desk, leg))

    [finding] = desk.services.reconcile.findings()
    [again] = desk.services.reconcile.findings()

    [spread] = desk.services.spreads.executor.spreads()
    assert spread.perp_quantity == D(perpetual)
    assert finding == again  # it is taken in once
    assert finding.kind is Kind.LEGS
    assert finding.hint == "hedge BTCUSDT"


def test_what_was_sold_twice_of_a_spread_that_is_gone_is_told_once(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    desk.close_spread("BTCUSDT")
    order_by_hand(desk, SPOT, Side.BUY, "0.02")  # somebody's own coins, of which a half goes
    order_by_hand(desk, SPOT, Side.SELL, "0.01", newClientOrderId=first_id(desk, LegName.SPOT_EXIT))
    pair = desk.services.spreads.symbols.pair("BTCUSDT")

    finding = desk.services.reconcile.after(pair)

    assert finding is not None
    assert finding.kind is Kind.TWICE
    assert "was executed twice, as 2 and 4: -0.01 BTC on spot that no spread accounts for" in finding.message
    assert finding.hint == "buy BTCUSDT 0.01btc"
    assert desk.services.reconcile.after(pair) is None


def test_a_position_closed_by_hand_is_named_and_adopted_on_request(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    order_by_hand(desk, UM, Side.BUY, "0.2", reduceOnly="true")
    assert kinds(desk) == [Kind.POSITION]

    desk.services.reconcile.adopt("BTCUSDT")

    [spread] = desk.services.spreads.executor.spreads()
    assert spread.perp_quantity == D("-0.015")
    assert kinds(desk) == [Kind.LEGS]


def test_trades_that_do_not_explain_the_position_are_not_adopted(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")

    with pytest.raises(Refused, match="no trades explain the position in BTCUSDT"):
        desk.services.reconcile.adopt("BTCUSDT")


def test_coins_that_left_are_noticed(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    order_by_hand(desk, SPOT, Side.SELL, "0.2")

    [finding] = desk.services.reconcile.findings()

    assert finding.kind is Kind.COINS
    assert finding.message.startswith("spot holds 0.01")


def test_an_own_order_that_is_in_no_journal_stops_everything_until_it_is_accepted(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt")
    lost = client_order_id(desk.services.spreads.executor.journal.instance, 77, "p", 1)
    order_by_hand(desk, SPOT, Side.BUY, "0.01", newClientOrderId=lost)

    with pytest.raises(Refused, match=f"order {lost} is ours"):
        desk.services.reconcile.before_risk(desk.services.spreads.symbols.pair("BTCUSDT"))
    desk.services.reconcile.accept()

    assert kinds(desk) == []


def test_an_order_of_another_machine_forbids_new_risk_in_every_symbol(desk: Desk) -> None:
    elsewhere = client_order_id("zzzz", 1, "o", 1)
    resting = {"type": "LIMIT", "timeInForce": "GTC", "price": "30000", "newClientOrderId": elsewhere}
    order_by_hand(desk, SPOT, Side.BUY, "0.01", **resting)

    with pytest.raises(Refused, match=r"another atapi \(zzzz\) trades on this account"):
        desk.open_spread("ETHUSDT", "1000usdt")

    assert desk.services.spreads.executor.spreads() == []


def test_foreign_orders_are_none_of_our_business(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt")
    resting = {"type": "LIMIT", "timeInForce": "GTC", "price": "30000", "newClientOrderId": "web_1"}
    order_by_hand(desk, SPOT, Side.BUY, "0.01", **resting)

    assert kinds(desk) == []


def test_a_second_process_may_read_and_not_trade(desk: Desk, tmp_path: Path) -> None:
    desk.open_spread("BTCUSDT", "1000usdt")

    second = subprocess.run(
        [sys.executable, "-m", "atapi", "--home", str(tmp_path), "--seed", "7", "--at", "2026-01-01T00:00:00Z"],
        input="spreads\nopen-spread ETHUSDT 1000usdt\n",
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "HEDGED" in second.stdout
    assert f"process {os.getpid()} is trading on this journal: read-only here" in second.stderr
    assert f"process {os.getpid()} is trading on this journal; here everything can be read" in second.stderr
    assert second.returncode == StorageError.exit_code
    assert len(desk.services.spreads.executor.spreads()) == 1


def desk_amount(text: str) -> Any:
    from atapi.domain.amounts import parse_amount

    return parse_amount(text)


def test_where_no_spread_stands_there_is_nothing_to_adopt(desk: Desk) -> None:
    with pytest.raises(Refused, match="no trades explain the position in BTCUSDT"):
        desk.services.reconcile.adopt("BTCUSDT")

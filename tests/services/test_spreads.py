"""Spreads on the embedded exchange, where a leg is refused after the plan was made."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import atapi
from atapi.desk import Desk
from atapi.domain.spreads import LegName, SpreadState
from atapi.errors import Refused, SpreadBroken, VenueError

D = Decimal


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as opened:
        yield opened


def equity(desk: Desk) -> Decimal:
    held = desk.services.account.holdings()
    return sum((row.value for row in held if row.value is not None), D(0))


def test_a_refused_perpetual_changes_nothing(desk: Desk) -> None:
    plan = desk.plan_spread("BTCUSDT", "10000usdt")
    desk.transfer("all", "futures", "spot")

    with pytest.raises(VenueError, match=r"refused \(-2019\): Margin is insufficient\."):
        desk.services.spreads.open(plan)

    assert equity(desk) == 100_000
    assert [s.state for s in desk.services.spreads.executor.spreads()] == [SpreadState.FLAT]
    assert desk.orders("BTCUSDT", everything=True).empty


def test_a_refused_spot_leg_takes_the_perpetual_back_and_says_what_that_cost(desk: Desk) -> None:
    plan = desk.plan_spread("BTCUSDT", "10000usdt")
    desk.transfer("all", "spot", "futures")

    with pytest.raises(Refused) as refusal:
        desk.services.spreads.open(plan)

    [spread] = desk.services.spreads.executor.spreads()
    sold, back = spread.leg_fills(LegName.PERP_ENTRY), spread.leg_fills(LegName.UNWIND)
    cost = sum(f.notional for f in back) - sum(f.notional for f in sold)  # bought back dearer than sold
    fees = sum(f.fee for f in (*sold, *back))
    assert refusal.value.message == (
        f"spot leg refused (-2010) after the perp filled 0.215 BTC; perp bought back, cost {cost + fees:.2f} USDT"
    )
    assert refusal.value.hint == "spreads --id 1"
    assert refusal.value.exit_code == 1
    assert spread.state is SpreadState.FLAT
    assert desk.positions().empty
    assert equity(desk) == 100_000 - cost - fees


def test_a_perpetual_closed_by_hand_leaves_spot_that_closing_still_sells(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    before = desk.services.spreads.executor.spreads()[0].spot_quantity

    closed = desk.close_spread("BTCUSDT")

    assert before > 0
    assert closed["state"].tolist() == ["FLAT"]
    [spread] = desk.services.spreads.executor.spreads()
    assert 0 <= spread.spot_quantity < D("0.00001")  # dust below the spot lot
    assert spread.perp_quantity == 0


def test_the_price_split_sums_by_day_symbol_and_spread(desk: Desk) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        desk.open_spread(symbol, "5000usdt")
    desk.advance("2d")
    desk.close_spread("BTCUSDT")
    desk.advance("1d")

    total = desk.services.pnl.rows()[0]

    for by in ("day", "symbol", "spread"):
        rows = desk.services.pnl.rows(by=by)
        assert len(rows) > 1
        for column in ("price_usdt", "basis_usdt", "funding_usdt", "fees_usdt", "dust_usdt", "total_usdt"):
            assert sum(getattr(row, column) for row in rows) == getattr(total, column)
    assert equity(desk) - 100_000 == total.total_usdt


def test_fees_in_bnb_leave_no_dust_and_still_sum(desk: Desk) -> None:
    for wallet in ("spot", "futures"):
        desk.deposit("5bnb", wallet)
    link = desk.services.spreads.spot.link  # type: ignore[attr-defined]  # no command switches this yet
    link.request("POST", "/sapi/v1/bnbBurn", {"spotBNBBurn": "true"}, signed=True)
    desk.services.spreads.futures.link.request(  # type: ignore[attr-defined]
        "POST", "/fapi/v1/feeBurn", {"feeBurn": "true"}, signed=True
    )
    before = equity(desk)

    plan = desk.plan_spread("BTCUSDT", "10000usdt")
    desk.open_spread("BTCUSDT", "10000usdt")
    desk.close_spread("BTCUSDT")

    [spread] = desk.services.spreads.executor.spreads()
    assert plan.round_trip.spot_fees == D("0.0015")
    assert plan.round_trip.perp_fees == D("0.0009")
    assert {fill.fee_asset for _, fill in spread.fills} == {"BNB"}
    assert spread.spot_quantity == 0
    assert equity(desk) - before == desk.services.pnl.of(spread).total


def test_a_spread_whose_spot_was_sold_by_hand_is_not_oversold(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    spot = desk.services.spreads.spot.link  # type: ignore[attr-defined]
    spot.request(
        "POST", "/api/v3/order",
        {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.2"}, signed=True,
    )  # fmt: skip

    with pytest.raises((Refused, VenueError, SpreadBroken)) as refusal:
        desk.close_spread("BTCUSDT")

    assert "insufficient balance" in str(refusal.value)
    assert desk.services.spreads.executor.spreads()[0].state is SpreadState.HEDGED


def test_a_refused_addition_leaves_the_spread_standing(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "5000usdt")
    plan = desk.plan_spread("BTCUSDT", "5000usdt", add=True)
    desk.transfer("all", "spot", "futures")

    with pytest.raises(Refused, match="perp bought back"):
        desk.services.spreads.open(plan, add=True)

    [spread] = desk.services.spreads.executor.spreads()
    assert spread.state is SpreadState.HEDGED
    assert spread.perp_quantity == D("-0.107")
    assert 0 <= spread.delta < D("0.00001")


@pytest.mark.parametrize(("side", "held"), [("BUY", "0.1"), ("SELL", "-0.1")])
def test_a_position_made_by_hand_is_not_traded_into(desk: Desk, side: str, held: str) -> None:
    desk.services.spreads.futures.link.request(  # type: ignore[attr-defined]
        "POST",
        "/fapi/v1/order",
        {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": "0.1"},
        signed=True,
    )

    with pytest.raises(Refused, match=rf"has a position of {held} BTC, the spreads account for 0"):
        desk.open_spread("BTCUSDT", "1000usdt")

    assert desk.services.spreads.executor.spreads() == []

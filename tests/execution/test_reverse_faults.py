"""Reverse carry through a real shell, and one order of the perpetual or of the margin leg that goes wrong.

Whatever happens, the spread ends hedged or flat and says so, nothing is executed twice, and what is owed is what the
perpetual stands against. What the exchange holds is asked of the exchange itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.execution import proxy
from tests.execution.proxy import Fault
from tests.execution.test_real_faults import LOT, Street, served
from tests.paper.client import Wire

FUNDING = "transfer 20000usdt spot margin --yes > /dev/null\n"
OPENING = "set timeout 2s > /dev/null\nopen-spread BTCUSDT 10000usdt --reverse --json\n"
CLOSING = "set timeout 2s > /dev/null\nclose-spread BTCUSDT --json\n"
MARKETS = ["um", "spot"]  # margin orders go to spot's host
ANSWERED = [proxy.hung_up, proxy.cut, proxy.emptied, proxy.timed_out, proxy.moved]
CASES = [("um", proxy.cut), *(("spot", fault) for fault in ANSWERED)]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    with served(tmp_path) as opened:
        code, _, said = opened.shell(FUNDING)
        assert code == 0, said
        yield opened


def wire(street: Street, market: str) -> Wire:
    direct = street.direct
    url, prefix = (direct.um_url, "/fapi/v1") if market == "um" else (direct.spot_url, "/api/v3")
    return Wire(url, direct.api_key, direct.api_secret, prefix)


def standing(street: Street) -> tuple[Decimal, Decimal]:
    """Coins owed, less those held, and the perpetual, as the exchange itself has them."""
    account = wire(street, "spot").signed("GET", "/sapi/v1/margin/account").json
    owed = {a["asset"]: -Decimal(a["netAsset"]) for a in account["userAssets"]}
    positions = wire(street, "um").signed("GET", "/fapi/v3/positionRisk").json
    return owed.get("BTC", Decimal(0)), sum((Decimal(p["positionAmt"]) for p in positions), Decimal(0))


def orders(street: Street) -> list[dict[str, Any]]:
    margin = wire(street, "spot").signed("GET", "/sapi/v1/margin/allOrders", symbol="BTCUSDT").json
    um = wire(street, "um").signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT").json
    return [*margin, *um]


def check(street: Street) -> str:
    """Let the next shell find out how it ended; check that against the exchange and tell the state."""
    code, out, said = street.shell("spreads --all --json\n")
    assert code == 0, said
    [row] = json.loads(out, parse_float=Decimal)
    owed, perpetual = standing(street)
    ids = {o["clientOrderId"] for o in orders(street)}
    assert len(ids) == len(orders(street))  # none twice
    assert abs(owed - perpetual) < LOT
    assert row["kind"] == "reverse"
    assert row["state"] == ("HEDGED" if perpetual else "FLAT")
    assert Decimal(row["qty"]) == -perpetual
    assert abs(Decimal(row["delta"]) - (perpetual - owed)) < Decimal("0.00000001")
    return str(row["state"])


@pytest.mark.parametrize(("market", "fault"), CASES)
def test_an_opening_survives_an_answer_that_says_nothing(street: Street, fault: Fault, market: str) -> None:
    code, out, said = street.shell(OPENING, through=street.proxied(market, 1, fault))

    assert code == 0, said
    assert [(row["leg"], row["side"]) for row in json.loads(out)] == [("perp", "BUY"), ("spot", "SELL")]
    assert check(street) == "HEDGED"
    assert len(orders(street)) == 2


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("fault", [proxy.cut, proxy.lost], ids=lambda f: f.__name__)
def test_a_closing_survives_an_answer_that_does_not_come(street: Street, fault: Fault, market: str) -> None:
    street.shell(OPENING)

    code, _, said = street.shell(CLOSING, through=street.proxied(market, 1, fault))

    assert code == 0, said
    assert "repaid: margin owes no BTC" in said
    assert check(street) == "FLAT"
    assert len(orders(street)) == 4


@pytest.mark.parametrize("market", MARKETS)
def test_a_shell_killed_after_its_order_was_executed_is_continued_by_the_next(
    street: Street, market: str
) -> None:
    code, _, _ = street.shell(OPENING, through=street.proxied(market, 1, proxy.killed_after))

    assert code == -9
    assert check(street) == "HEDGED"
    assert len(orders(street)) == 2


@pytest.mark.parametrize("market", MARKETS)
def test_a_shell_killed_while_closing_is_continued_and_repaid_by_the_next(
    street: Street, market: str
) -> None:
    street.shell(OPENING)

    street.shell(CLOSING, through=street.proxied(market, 1, proxy.killed_after))
    code, _, said = street.shell("spreads\n")

    assert code == 0, said
    assert "#1 BTCUSDT: ended FLAT" in said
    assert "repaid: margin owes no BTC" in said
    assert check(street) == "FLAT"


@pytest.mark.parametrize("market", MARKETS)
def test_ctrl_c_between_the_legs_waits_for_both(street: Street, market: str) -> None:
    code, _, said = street.shell(OPENING, through=street.proxied(market, 1, proxy.interrupted))

    assert code == 130, said
    assert check(street) == "HEDGED"


def test_a_refused_sale_leaves_nothing_open_and_nothing_owed(street: Street) -> None:
    code, out, said = street.shell(OPENING, through=street.proxied("spot", 1, proxy.refused))

    assert code == 1, said
    assert out == ""
    assert "perp sold back" in said
    assert check(street) == "FLAT"
    assert standing(street) == (0, 0)


@pytest.mark.gate
@pytest.mark.parametrize(
    ("script", "fault"),
    [(OPENING, proxy.dropped), (CLOSING, proxy.killed_before)],
    ids=["opening", "closing"],
)  # on margin only 73 s prove that an order never arrived
def test_a_margin_order_that_never_arrived_is_proven_absent_and_made_up_for(
    street: Street, fault: Fault, script: str
) -> None:
    if script is CLOSING:
        street.shell(OPENING)

    street.shell(script, through=street.proxied("spot", 1, fault))

    assert check(street) in ("HEDGED", "FLAT")

"""What a margin account risks, told by a listen key of its own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from binance.spot import Spot

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.faults.conftest import fault as fault
from tests.paper.routes.test_admin import ask
from tests.paper.streams.conftest import Socket

KEY = "/sapi/v1/margin/listen-key"
D = Decimal


@pytest.fixture
def key(spot: Wire) -> str:
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_MARGIN", asset="USDT", amount="2000")
    return str(spot.send("POST", KEY, key=spot.key).json["listenKey"])


def loan(spot: Wire, kind: str, asset: str, amount: str) -> Any:
    return spot.signed(
        "POST", "/sapi/v1/margin/borrow-repay", asset=asset, isIsolated="FALSE", amount=amount, type=kind
    )


@pytest.mark.parametrize("combined", [False, True])
def test_debts_are_told_as_they_change(
    spot: Wire, hosted: Hosted, dial: Callable[[Wire, str], Socket], key: str, combined: bool
) -> None:
    socket = dial(spot, f"/stream?streams={key}" if combined else f"/ws/{key}")

    loan(spot, "BORROW", "USDT", "3000")
    borrowed, status = socket.hear(), socket.hear()
    ask(spot, hosted, "POST", "advance", span_ms=3_600_000)
    hour = socket.hear()
    loan(spot, "REPAY", "USDT", "500")
    repaid = socket.hear()

    if combined:
        assert {m["stream"] for m in (borrowed, status, hour, repaid)} == {key}
        borrowed, status, hour, repaid = (m["data"] for m in (borrowed, status, hour, repaid))
    assert set(borrowed) == {"e", "E", "a", "t", "p", "i"}
    assert (borrowed["e"], borrowed["a"], borrowed["t"]) == ("USER_LIABILITY_CHANGE", "USDT", "BORROW")
    assert (borrowed["p"], D(borrowed["i"]) > 0) == ("3000.00000000", True)
    assert (status["e"], status["s"]) == ("MARGIN_LEVEL_STATUS_CHANGE", "NORMAL")  # 5000 over 3000
    assert (hour["t"], D(hour["i"])) == ("INTEREST", 2 * D(borrowed["i"]))
    assert (repaid["t"], D(repaid["p"])) == ("REPAY", 3000 - (500 - D(hour["i"])))


def test_the_level_is_told_when_it_crosses_a_bar(
    spot: Wire, hosted: Hosted, dial: Callable[[Wire, str], Socket], key: str, fault: Callable[[str], Any]
) -> None:
    loan(spot, "BORROW", "BTC", "0.05")
    spot.signed(
        "POST", "/sapi/v1/margin/order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.05"
    )
    socket = dial(spot, f"/ws/{key}")

    fault("move BTCUSDT by=+50%")
    ask(spot, hosted, "POST", "advance", span_ms=1000)
    told = socket.hear()

    assert (told["e"], told["s"]) == ("MARGIN_LEVEL_STATUS_CHANGE", "MARGIN_CALL")
    assert D("1.1") < D(told["l"]) <= D("1.3")


def test_the_connector_opens_and_closes_it(hosted: Hosted, spot: Wire, key: str) -> None:
    client = Spot(hosted.api_key, hosted.api_secret, base_url=hosted.spot_url, timeout=10)

    assert spot.send("PUT", KEY, f"listenKey={key}", key=spot.key).json == {}
    assert client.limit_request("POST", KEY)["listenKey"] == key
    assert client.limit_request("DELETE", KEY) == {}
    client.session.close()
    gone = spot.send("PUT", KEY, f"listenKey={key}", key=spot.key)
    assert gone.refusal == (400, -3038, "Listen key not found.")

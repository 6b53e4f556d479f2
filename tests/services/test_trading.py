"""Single orders whose end is unclear or bad: what is said, and with which exit code."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest

import atapi
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName
from atapi.errors import OutcomeUnknown, Refused
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.leg import Unproven
from atapi.execution.order import OrderTerms, Placed, StillOpen
from atapi.services.trading import proven, refusal_of

TERMS = OrderTerms(
    market=Market.SPOT, symbol="BTCUSDT", base_asset="BTC", lot_size=D("0.01"), side=Side.BUY, quantity=D(4),
    tries=(D(99),), time_in_force=TimeInForce.IOC,
)  # fmt: skip
ROW = Attempt(
    intent_id=1,
    leg=LegName.ORDER,
    number=1,
    state=AttemptState.REJECTED,
    request=OrderRequest(
        market=Market.SPOT, symbol="BTCUSDT", side=Side.BUY, type=OrderType.LIMIT, quantity=D(4), price=D(99),
        client_order_id="at-test-aaaaaaaaaaaabo1",
    ),
)  # fmt: skip


@pytest.mark.parametrize("error", [Unproven(ROW), StillOpen("at-test-aaaaaaaaaaaabo1")])
def test_an_unproven_order_may_be_live(error: Exception) -> None:
    def run() -> None:
        raise error

    with pytest.raises(OutcomeUnknown) as caught:
        proven(run)

    name = ROW.request.client_order_id
    assert caught.value.message == f"no answer for order {name}; it may be live"
    assert caught.value.hint == f"order {name}: asks Binance; nothing is sent twice"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"reason": "Margin is insufficient.", "reason_code": -2019}, 1, "Binance refused the order (-2019): Margin is insufficient."),
        ({"reason": "Invalid API-key.", "reason_code": -2015}, 5, "Binance refused the order (-2015): Invalid API-key."),
        ({"reason": "600 USDT is over the order limit of 500 USDT"}, 1, "600 USDT is over the order limit of 500 USDT"),
        ({"state": AttemptState.ABSENT, "reason": "never sent: refused"}, 6, "never sent: refused"),
        ({"state": AttemptState.ABSENT, "reason": "not found past the fence"}, 1, "never reached the exchange"),
        ({"order_id": "7", "reason": "EXPIRED with nothing executed"}, 1, "nothing filled within 99; BTCUSDT is as it was"),
    ],
)  # fmt: skip
def test_an_order_that_came_to_nothing_says_why(changes: dict[str, object], code: int, said: str) -> None:
    error = refusal_of(Placed(executed=ZERO, last=replace(ROW, **changes)), TERMS)  # type: ignore[arg-type]

    assert error.exit_code == code
    assert said in error.message


def test_a_lack_of_funds_hints_at_the_wallet() -> None:
    lacks = replace(ROW, reason="Account has insufficient balance for requested action.", reason_code=-2010)
    margin = replace(ROW, reason="Margin is insufficient.", reason_code=-2019)

    spot = refusal_of(Placed(executed=ZERO, last=lacks), TERMS)
    futures = refusal_of(Placed(executed=ZERO, last=margin), replace(TERMS, market=Market.UM))

    assert (spot.hint, futures.hint) == ("balance --wallet spot", "balance --wallet futures")


def test_an_order_that_was_never_made_says_why() -> None:
    error = refusal_of(Placed(executed=ZERO, last=None, why="the dead-man switch could not be armed"), TERMS)

    assert (error.message, error.exit_code) == ("the dead-man switch could not be armed", 1)


def test_a_notebook_trades_as_the_shell_does(tmp_path: Path) -> None:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as desk:
        bought = desk.buy("btc/usdt", "1000usdt")
        rests = desk.buy("BTCUSDT", "0.01btc", price="40000.5", market="um", time_in_force="GTX")
        canceled = desk.cancel(rests["id"][0])
        sold = desk.sell("BTCUSDT", "all")

        assert bought["filled"].tolist() == [0.0216]
        assert rests["status"].tolist() == ["RESTING"]
        assert canceled["status"].tolist() == ["CANCELED"]
        assert sold["filled"].tolist() == [0.02157]
        with pytest.raises(Refused, match="is no multiple of"):
            desk.buy("BTCUSDT", "0.01btc", price=40000.123)

"""The checker must see what it is there for: each promise is broken once, on a record made by hand."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.execution import checker
from tests.execution.checker import judge

PERP, SPOT = "at-k3wq-aaaaaaaaaaaabp1", "at-k3wq-aaaaaaaaaaaabs1"
Break = Callable[[dict[str, Any], list[dict[str, Any]]], Any]


def order(market: str, text: str, side: str, quantity: str, number: int) -> dict[str, Any]:
    return {
        "market": market, "symbol": "BTCUSDT", "orderId": number, "clientOrderId": text, "side": side,
        "origQty": quantity, "executedQty": quantity, "status": "FILLED", "reduceOnly": False,
        "time": number * 10, "updateTime": number * 10,
    }  # fmt: skip


def trade(market: str, side: str, quantity: str, number: int, fee: str = "0") -> dict[str, Any]:
    return {
        "market": market, "symbol": "BTCUSDT", "orderId": number, "id": number, "side": side, "qty": quantity,
        "commission": fee, "commissionAsset": "BTC" if market == "spot" else "USDT", "time": number * 10,
    }  # fmt: skip


def opened() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A spread of 0.010 BTC, opened and shown."""
    history = {
        "orders": [order("um", PERP, "SELL", "0.010", 1), order("spot", SPOT, "BUY", "0.01001", 2)],
        "trades": [trade("um", "SELL", "0.010", 1), trade("spot", "BUY", "0.01001", 2, "0.00001")],
        "positions": {"BTCUSDT": "-0.010"},
        "balances": {"BTC": "1.01000"},
        "before": {"BTC": "1"},
        "pairs": {"BTCUSDT": {"spot": "BTCUSDT", "base": "BTC", "multiplier": "1", "step": "0.001"}},
    }
    held = {symbol: list(row) for symbol, row in checker.held(history).items()}
    row = {"id": 1, "symbol": "BTCUSDT", "state": "HEDGED", "qty": 0.010, "delta": 0}
    runs = [
        {"line": "open-spread BTCUSDT 500usdt", "code": 0, "out": "", "err": "", "held": held},
        {"line": "spreads --all --json", "code": 0, "out": json.dumps([row]), "err": "", "held": held},
    ]
    return history, runs


BROKEN: dict[str, tuple[Break, str]] = {
    "one id twice": (lambda h, r: h["orders"].append(h["orders"][0] | {"orderId": 3}), "accepted twice"),
    "an id of another form": (lambda h, r: h["orders"][0].update(clientOrderId="at-x-p1"), "not of our form"),
    "a second attempt too soon": (
        lambda h, r: h["orders"].append(order("um", PERP[:-1] + "2", "SELL", "0", 1) | {"time": 5}),
        "was open",
    ),
    "an attempt after one that rests": (
        lambda h, r: (
            h["orders"][0].update(status="NEW"),
            h["orders"].append(order("um", PERP[:-1] + "2", "SELL", "0", 3)),
        ),
        "was open",
    ),
    "one leg alone": (
        lambda h, r: (h["trades"].pop(), h["balances"].update(BTC="1")),
        "off by -0.010 BTC and nobody was told",
    ),
    "another position": (lambda h, r: h["positions"].update(BTCUSDT="-0.02"), "its trades sum to -0.010"),
    "other coins": (lambda h, r: h["balances"].update(BTC="1.2"), "BTC changed by 0.2"),
    "a perpetual that turns": (
        lambda h, r: h["trades"].append(trade("um", "BUY", "0.020", 3)),
        "changed sign",
    ),
    "an exit code of no meaning": (lambda h, r: r[0].update(code=7), "exit code 7"),
    "a failure without a word": (lambda h, r: r[0].update(code=1), "not a word why"),
    "3 without a quantity": (
        lambda h, r: r[0].update(code=3, err="error: BTC is exposed\n  hint: hedge BTCUSDT"),
        "without a signed quantity or an order",
    ),
    "3 without a command": (
        lambda h, r: r[0].update(code=3, err="error: short 0.01 BTC is exposed"),
        "without a command that mends it",
    ),
    "a traceback": (
        lambda h, r: r[0].update(err="Traceback (most recent call last):\n  ..."),
        "a traceback",
    ),
    "impatience": (
        lambda h, r: r[0].update(requests=[[1.0, "um"], [1.5, "um"]], pauses=[["um", 1.2, 2.2]]),
        "1 requests to um inside a pause of 1.0 s",
    ),
    "unreachable, yet executed": (
        lambda h, r: r[0].update(code=6, err="error: no answer"),
        "2 orders were executed",
    ),
    "success of nothing": (
        lambda h, r: r[0].update(held={"BTCUSDT": ["0", "0", 0]}),
        "nothing was opened",
    ),
    "success of a half": (
        lambda h, r: r[0].update(held={"BTCUSDT": ["0", "-0.01", 1]}),
        "exit code 0, but BTCUSDT is off by -0.01",
    ),
    "another state than it has": (
        lambda h, r: r[1].update(out=r[1]["out"].replace("HEDGED", "FLAT")),
        "shown FLAT with 0.01",
    ),
    "another quantity than it has": (
        lambda h, r: r[1].update(out=r[1]["out"].replace("0.01", "0.02")),
        "spreads show 0.02",
    ),
}


def test_a_session_that_kept_its_promises_is_agreed_with() -> None:
    assert judge(*opened()) == []


@pytest.mark.parametrize(("break_it", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_promise_is_seen(break_it: Break, told: str) -> None:
    history, runs = opened()

    break_it(history, runs)

    assert any(told in wrong for wrong in judge(history, runs)), judge(history, runs)


def test_an_exposure_that_was_told_is_agreed_with() -> None:
    history, [run, _] = opened()
    history["trades"].pop()
    history["balances"]["BTC"] = "1"
    run |= {"code": 3, "err": "error: #1 is exposed: short 0.010 BTC\n  hint: close-spread BTCUSDT\n"}
    run["held"] = {"BTCUSDT": ["0", "-0.010", 1]}

    assert judge(history, [run]) == []


def test_it_runs_as_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    history, runs = opened()
    (tmp_path / "history.json").write_text(json.dumps(history))
    (tmp_path / "session.json").write_text(json.dumps(runs, default=str))
    words = ["checker", "--history", str(tmp_path / "history.json"), "--run", str(tmp_path / "session.json")]
    monkeypatch.setattr(sys, "argv", words)

    assert checker.main() == 0
    assert capsys.readouterr().out == "2 orders, 2 trades: agrees\n"


def test_it_shares_nothing_with_what_it_judges() -> None:
    tree = ast.parse(Path(checker.__file__).read_text())
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {a.name for n in named if isinstance(n, ast.Import) for a in n.names}
    modules |= {str(n.module) for n in named if isinstance(n, ast.ImportFrom)}

    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names

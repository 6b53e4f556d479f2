"""`python -m atapi paper serve`, as a user starts it: what it prints, what its first account holds, who comes to it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.gates.served import ROOT
from tests.paper.client import Wire

Shell = Callable[..., "subprocess.Popen[str]"]
PROMISED = {
    ("spot", "USDT"): 50_000, ("spot", "BTC"): 1, ("spot", "ETH"): 10, ("spot", "BNB"): 10,
    ("margin", "USDT"): 50_000, ("um", "USDT"): 50_000,
}  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Give a function that starts a command on the test's home, and end what is left of them."""
    begun: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "atapi", "--home", str(tmp_path), "--at", "2026-01-01T00:00:00"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        begun.append(
            subprocess.Popen(
                [*command, *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
        )
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def served(shell: Shell) -> tuple[subprocess.Popen[str], dict[str, str]]:
    process = shell("paper", "serve")
    assert process.stdout is not None
    told: dict[str, str] = {}
    while "token" not in told:
        line = process.stdout.readline().rstrip("\n")
        assert re.fullmatch(r"[a-z-]+: \S+", line), line
        name, _, value = line.partition(": ")
        told[name] = value
    return process, told


def held(told: dict[str, str], key: str, secret: str) -> dict[tuple[str, str], Decimal]:
    spot, um = Wire(told["spot"], key, secret, "/api/v3"), Wire(told["um"], key, secret, "/fapi/v1")
    found = {
        ("spot", row["asset"]): row["free"] for row in spot.signed("GET", "/api/v3/account").json["balances"]
    }
    margin = spot.signed("GET", "/sapi/v1/margin/account").json["userAssets"]
    found |= {("margin", row["asset"]): row["free"] for row in margin}
    found |= {("um", row["asset"]): row["balance"] for row in um.signed("GET", "/fapi/v2/balance").json}
    return {name: Decimal(amount) for name, amount in found.items()}


def test_it_prints_a_funded_account_and_ends_when_told(shell: Shell) -> None:
    process, told = served(shell)

    holdings = held(told, told["key"], told["secret"])
    assert {name: holdings[name] >= least for name, least in PROMISED.items()} == dict.fromkeys(
        PROMISED, True
    )

    process.send_signal(signal.SIGINT)
    assert process.wait(20) in (0, 130)


def test_accounts_made_in_another_shell_trade_on_it(shell: Shell) -> None:
    _, told = served(shell)

    said, _ = shell("paper", "account", "add", "bob", "--futures-fees", "1.8bp/4bp").communicate(timeout=60)
    made = dict(line.split(None, 1) for line in said.splitlines() if line.split()[0] in ("key", "secret"))
    funded, _ = shell("paper", "account", "fund", "bob", "1000usdt").communicate(timeout=60)
    listed, _ = shell("paper", "account", "list").communicate(timeout=60)
    key, secret = made["key"].strip(), made["secret"].strip()
    um = Wire(told["um"], key, secret, "/fapi/v1")
    um.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
    [fill] = um.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").json

    assert "USDT" in funded
    assert re.search(r"^bob\s", listed, re.MULTILINE)
    assert held(told, key, secret)["spot", "USDT"] == 101_000
    assert Decimal(fill["commission"]) == round(Decimal(fill["quoteQty"]) * Decimal("0.0004"), 8)

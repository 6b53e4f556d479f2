"""A real shell, a real exchange, and one order that the network or the power company interferes with.

Whatever happens, the spread ends hedged or flat and says so, nothing is executed twice, and a shell that was killed
is continued by the next one. What the exchange holds is asked of the exchange itself, not of the journal.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atapi.paper.endpoint import Endpoint
from tests.execution import proxy
from tests.execution.proxy import Fault, Proxy
from tests.paper.client import Wire

ROOT = Path(__file__).parents[2]
LOT = Decimal("0.001")  # of the perpetual
OPENING = "set timeout 2s > /dev/null\nopen-spread BTCUSDT 10000usdt --json\n"
CLOSING = "set timeout 2s > /dev/null\nclose-spread BTCUSDT --json\n"

ANSWERED = [
    proxy.hung_up,
    proxy.cut,
    proxy.garbled,
    proxy.emptied,
    proxy.unavailable,
    proxy.timed_out,
    proxy.moved,
]
UNPROVABLE = [proxy.killed_before, proxy.dropped]  # only the fence proves that these never arrived: 43 s


@dataclass
class Street:
    """An exchange served by one process, and shells that reach it through proxies."""

    home: Path
    folder: Path
    direct: Endpoint
    shells: list[subprocess.Popen[str]] = field(default_factory=list)

    def shell(self, script: str, *, through: dict[str, Proxy] | None = None) -> tuple[int, str, str]:
        """Run a script and tell how it ended, what it printed and what it said."""
        through = through or {}
        where = {f"{market}_url": p.url for market, p in through.items()}
        _rewritten(self.direct, **where).write(self.folder)
        shell = subprocess.Popen(
            [sys.executable, "-m", "atapi", "--home", str(self.home), "--seed", "7", "--at", "2026-01-01T00:00:00Z"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        self.shells.append(shell)
        out, said = shell.communicate(script)
        self.direct.write(self.folder)
        assert "Traceback" not in said
        return shell.returncode, out, said

    def proxied(self, market: str, number: int, fault: Fault) -> dict[str, Proxy]:
        """Put a proxy before one market."""
        url = self.direct.um_url if market == "um" else self.direct.spot_url
        return {market: Proxy(url, number=number, fault=fault, victim=lambda: self.shells[-1].pid)}

    def holdings(self) -> tuple[Decimal, Decimal]:
        """Coins and perpetual as the exchange itself has them."""
        account = self._wire("spot").signed("GET", "/api/v3/account").json
        balances = {b["asset"]: b["free"] for b in account["balances"]}
        positions = self._wire("um").signed("GET", "/fapi/v3/positionRisk").json
        return Decimal(balances["BTC"]), sum((Decimal(p["positionAmt"]) for p in positions), Decimal(0))

    def orders(self) -> list[dict[str, Any]]:
        """Every order the exchange accepted, of both markets."""
        spot = self._wire("spot").signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json
        um = self._wire("um").signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT").json
        return [*spot, *um]

    def _wire(self, market: str) -> Wire:
        url, prefix = (
            (self.direct.um_url, "/fapi/v1") if market == "um" else (self.direct.spot_url, "/api/v3")
        )
        return Wire(url, self.direct.api_key, self.direct.api_secret, prefix)


@contextmanager
def served(home: Path) -> Iterator[Street]:
    """Serve an exchange by a process of its own."""
    server = subprocess.Popen(
        [sys.executable, "-m", "atapi", "--home", str(home), "--seed", "7", "--at", "2026-01-01T00:00:00Z",
         "paper", "serve"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
    )  # fmt: skip
    assert server.stdout is not None
    for line in server.stdout:
        if line.startswith("token:"):
            break
    [folder] = (home / "paper").iterdir()
    direct = Endpoint.read(folder)
    assert direct is not None
    try:
        yield Street(home, folder, direct)
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    with served(tmp_path) as opened:
        yield opened


def check(street: Street) -> str:
    """Let the next shell find out how it ended; check that against the exchange and tell the state."""
    code, out, said = street.shell("spreads --all --json\n")
    assert code == 0, said
    rows = json.loads(out, parse_float=Decimal)
    coins, perpetual = street.holdings()
    orders = street.orders()
    assert len({o["clientOrderId"] for o in orders}) == len(orders)  # none twice
    assert abs(coins + perpetual) < LOT
    if not rows:
        assert perpetual == 0
        return "none"
    [row] = rows
    assert row["state"] == ("HEDGED" if perpetual else "FLAT")
    assert Decimal(row["qty"]) == -perpetual
    return str(row["state"])


@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("fault", ANSWERED, ids=lambda f: f.__name__)
def test_an_opening_survives_an_answer_that_says_nothing(street: Street, fault: Fault, market: str) -> None:
    code, out, said = street.shell(OPENING, through=street.proxied(market, 1, fault))

    assert code == 0, said
    assert [row["leg"] for row in json.loads(out)] == ["perp", "spot"]
    assert check(street) == "HEDGED"
    assert len(street.orders()) == 2


@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("fault", [proxy.cut, proxy.lost], ids=lambda f: f.__name__)
def test_a_closing_survives_an_answer_that_does_not_come(street: Street, fault: Fault, market: str) -> None:
    street.shell(OPENING)

    code, _, said = street.shell(CLOSING, through=street.proxied(market, 1, fault))

    assert code == 0, said
    assert check(street) == "FLAT"
    assert len(street.orders()) == 4


@pytest.mark.parametrize("market", ["um", "spot"])
def test_a_shell_killed_after_its_order_was_executed_is_continued_by_the_next(
    street: Street, market: str
) -> None:
    code, _, _ = street.shell(OPENING, through=street.proxied(market, 1, proxy.killed_after))

    assert code == -9
    assert check(street) == "HEDGED"
    assert len(street.orders()) == 2


@pytest.mark.parametrize("market", ["um", "spot"])
def test_a_shell_killed_while_closing_is_continued_by_the_next(street: Street, market: str) -> None:
    street.shell(OPENING)

    street.shell(CLOSING, through=street.proxied(market, 1, proxy.killed_after))

    assert check(street) == "FLAT"
    assert len(street.orders()) == 4


@pytest.mark.parametrize(
    ("script", "state"), [(OPENING, "HEDGED"), (CLOSING, "FLAT")], ids=["opening", "closing"]
)
@pytest.mark.parametrize("market", ["um", "spot"])
def test_ctrl_c_between_the_legs_waits_for_both(street: Street, market: str, script: str, state: str) -> None:
    if script is CLOSING:
        street.shell(OPENING)

    code, _, said = street.shell(script, through=street.proxied(market, 1, proxy.interrupted))

    assert code == 130, said
    assert "finishing or undoing both legs first" in said
    assert check(street) == state


@pytest.mark.parametrize("fault", [proxy.refused, proxy.limited], ids=lambda f: f.__name__)
@pytest.mark.parametrize(("market", "code"), [("um", None), ("spot", 1)])
def test_a_refused_leg_leaves_nothing_open(
    street: Street, fault: Fault, market: str, code: int | None
) -> None:
    ended, out, said = street.shell(OPENING, through=street.proxied(market, 1, fault))

    assert ended in ((1, 6) if code is None else (code,)), said
    assert out == ""
    assert check(street) == "FLAT"


@pytest.mark.gate
@pytest.mark.parametrize("script", [OPENING, CLOSING], ids=["opening", "closing"])
@pytest.mark.parametrize("market", ["um", "spot"])
@pytest.mark.parametrize("fault", UNPROVABLE, ids=lambda f: f.__name__)
def test_an_order_that_never_arrived_is_proven_absent_and_made_up_for(
    street: Street, fault: Fault, market: str, script: str
) -> None:
    if script is CLOSING:
        street.shell(OPENING)

    street.shell(script, through=street.proxied(market, 1, fault))

    assert check(street) in ("HEDGED", "FLAT")


def _rewritten(endpoint: Endpoint, **changes: str) -> Endpoint:
    values = {name: getattr(endpoint, name) for name in endpoint.__struct_fields__}
    return Endpoint(**(values | changes))

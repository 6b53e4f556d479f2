"""A shell that is killed does not leave its orders behind: real processes, a real exchange, a real SIGKILL."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from atapi.domain.orders import Order, OrderStatus
from atapi.errors import AtapiError, OrderNotFound, VenueUnreachable
from atapi.exchanges.binance.networks import paper_endpoints
from atapi.execution import deadman
from atapi.execution.lifeline import Letter
from atapi.paper.endpoint import Endpoint
from tests.paper.client import Wire
from tests.shell.commands.stock import RESTING

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
PAPER = ("--seed", "7", "--at", "2026-01-01T00:00:00Z")


class Scene:
    """An exchange in a process of its own, and shells that can be killed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.server = self._start("paper", "serve", stdin=subprocess.DEVNULL)
        assert self.server.stdout is not None
        for line in self.server.stdout:
            if line.startswith("token:"):
                break
        [folder] = (home / "paper").iterdir()
        endpoint = Endpoint.read(folder)
        assert endpoint is not None
        self.endpoint = endpoint

    def shell(self) -> subprocess.Popen[str]:
        """Start a shell that waits for lines."""
        return self._start(stdin=subprocess.PIPE)

    def orders(self, market: str) -> dict[str, str]:
        """Tell the status of every order, by client order id, as the exchange itself has it."""
        url, path = (
            (self.endpoint.um_url, "/fapi/v1") if market == "um" else (self.endpoint.spot_url, "/api/v3")
        )
        wire = Wire(url, self.endpoint.api_key, self.endpoint.api_secret, path)
        rows = wire.signed("GET", f"{path}/allOrders", symbol="BTCUSDT").json
        return {row["clientOrderId"]: row["status"] for row in rows}

    def close(self) -> None:
        self.server.terminate()
        self.server.wait()
        assert self.server.stdout is not None
        self.server.stdout.close()

    def _start(self, *words: str, stdin: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "atapi", "--home", str(self.home), *PAPER, *words],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        )  # fmt: skip


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


def typed(shell: subprocess.Popen[str], line: str) -> None:
    """Type a line that prints one row as CSV, and wait for it."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(f"{line} --csv\n")
    shell.stdin.flush()
    assert shell.stdout.readline().startswith("id,")
    assert shell.stdout.readline()


def killed(shell: subprocess.Popen[str]) -> None:
    shell.send_signal(signal.SIGKILL)
    shell.wait()
    for pipe in (shell.stdin, shell.stdout):
        assert pipe is not None
        pipe.close()


def children(pid: int) -> list[int]:
    """List the processes that a process started."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def ended(pid: int) -> None:
    """Wait for the end of a process that is nobody's child any more."""
    handle = os.pidfd_open(pid)
    assert select.select([handle], [], [], PATIENCE_S)[0]
    os.close(handle)


def test_a_killed_shell_leaves_no_spot_order_behind(scene: Scene) -> None:
    shell = scene.shell()
    typed(shell, "buy BTCUSDT 0.01btc --price 40000 --dead-man")
    typed(shell, "buy BTCUSDT 0.01btc --price 39000 --again")
    [guard] = children(shell.pid)
    before = list(scene.orders("spot").values())

    killed(shell)
    ended(guard)

    assert before == ["NEW", "NEW"]
    assert list(scene.orders("spot").values()) == ["CANCELED", "NEW"]  # the other was not under the switch


def test_a_killed_shell_leaves_no_futures_order_behind(scene: Scene) -> None:
    shell = scene.shell()
    typed(shell, "buy BTCUSDT 0.01btc --price 40000 --venue futures --dead-man")

    killed(shell)
    before = list(scene.orders("um").values())
    advance = subprocess.run(
        [sys.executable, "-m", "atapi", "--home", str(scene.home), *PAPER, "paper", "advance", "3m"],
        cwd=ROOT, check=False, capture_output=True,
    )  # fmt: skip

    assert advance.returncode == 0
    assert before == ["NEW"]
    assert list(scene.orders("um").values()) == ["CANCELED"]


def test_the_process_that_holds_orders_shows_no_secret(scene: Scene) -> None:
    shell = scene.shell()
    typed(shell, "buy BTCUSDT 0.01btc --price 40000 --dead-man")

    [guard] = children(shell.pid)
    shown = [Path(f"/proc/{guard}/{name}").read_bytes().decode() for name in ("cmdline", "environ")]
    killed(shell)
    ended(guard)

    assert "atapi.execution.deadman" in shown[0]
    for secret in (scene.endpoint.api_key, scene.endpoint.api_secret):
        assert all(secret not in text for text in shown)


def test_a_shell_that_ends_properly_has_them_canceled_too(scene: Scene) -> None:
    shell = scene.shell()
    typed(shell, "buy BTCUSDT 0.01btc --price 40000 --dead-man")
    [guard] = children(shell.pid)
    handle = os.pidfd_open(guard)

    shell.communicate("quit\n")

    assert shell.returncode == 0
    assert select.select([handle], [], [], PATIENCE_S)[0]
    os.close(handle)
    assert list(scene.orders("spot").values()) == ["CANCELED"]


def test_it_cancels_what_it_was_told_once_its_lines_end(scene: Scene) -> None:
    shell = scene.shell()
    typed(shell, "buy BTCUSDT 0.01btc --price 40000")
    [name] = scene.orders("spot")
    e = scene.endpoint
    letter = Letter(paper_endpoints(e.spot_url, e.um_url), e.api_key, e.api_secret, 10.0)
    lines = [letter.line(), json.dumps({"hold": True, "symbol": "BTCUSDT", "id": name})]
    out = io.StringIO()

    code = deadman.main(io.StringIO("\n".join(lines) + "\n"), out)
    killed(shell)

    assert (code, out.getvalue().split()) == (0, ["ready", name])
    assert scene.orders("spot") == {name: "CANCELED"}


def test_a_reader_that_is_gone_does_not_stop_it() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    told = json.dumps({"hold": True, "symbol": "BTCUSDT", "id": "a"})

    assert deadman.hold(io.StringIO(told), Gone()) == {"a": "BTCUSDT"}


# --- what it does, step by step -------------------------------------------------------------------------------------


@dataclass
class Market_:
    """A market that gives one answer after another."""

    cancels: list[Order | AtapiError]
    orders: list[Order | AtapiError] = field(default_factory=list)
    asked: int = 0

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        self.asked += 1
        return _given(self.cancels.pop(0))

    def order(self, symbol: str, client_order_id: str) -> Order:
        return _given(self.orders.pop(0))


def _given(answer: Order | AtapiError) -> Order:
    if isinstance(answer, AtapiError):
        raise answer
    return answer


GONE = replace(RESTING, status=OrderStatus.CANCELED)
FILLED = replace(RESTING, status=OrderStatus.FILLED)
AWAY, NONE = VenueUnreachable("nobody listens"), OrderNotFound("Unknown order sent.", code=-2011)


@pytest.mark.parametrize(
    ("venue", "cancels"),
    [
        (Market_([GONE]), 1),
        (Market_([AWAY, AWAY, GONE]), 3),
        (Market_([NONE], [FILLED]), 1),
        (Market_([NONE, NONE], [AWAY, FILLED]), 2),
        (Market_([NONE, GONE], [NONE]), 2),  # it was still on its way
    ],
)
def test_it_goes_on_until_the_order_has_ended(venue: Market_, cancels: int) -> None:
    waits: list[float] = []

    assert deadman.cancel(venue, {"a": "BTCUSDT"}, waits.append)

    assert venue.asked == cancels
    assert len(waits) == cancels - 1


def test_it_gives_up_on_an_order_that_never_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "ABSENT_S", 0.0)

    assert deadman.cancel(Market_([NONE], [NONE]), {"a": "BTCUSDT"}, lambda seconds: None)


def test_it_gives_up_on_an_exchange_that_never_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "PATIENCE_S", 0.0)

    assert not deadman.cancel(Market_([AWAY]), {"a": "BTCUSDT"}, lambda seconds: None)


def test_a_line_that_was_cut_ends_the_holding() -> None:
    told = [json.dumps({"hold": True, "symbol": "BTCUSDT", "id": name}) for name in ("a", "b")]
    lines = "\n".join([*told, json.dumps({"hold": False, "id": "a"}), '{"hold": tr'])
    out = io.StringIO()

    assert deadman.hold(io.StringIO(lines), out) == {"b": "BTCUSDT"}
    assert out.getvalue().split() == ["a", "b", "a"]

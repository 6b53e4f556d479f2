"""limits as typed, on the exchange inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from atapi.app import open_services
from atapi.domain.orders import Order, OrderRequest
from atapi.paper.endpoint import Endpoint
from atapi.settings import Settings
from atapi.shell.context import Context
from atapi.shell.shell import Shell
from tests.paper.client import Wire
from tests.shell.commands.desk import Said

STILL = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Session:
    """A whole shell on a world of its own, in this process."""

    home: Path
    network: str = "paper"
    contexts: list[Context] = field(default_factory=list)

    def type(self, line: str) -> Said:
        """Run a line in the shell that is open."""
        return self.another().type(line) if not self.contexts else _type(self.contexts[0], line)

    def another(self) -> Session:
        """Sit down at a second shell on the same home."""
        settings = Settings(network=self.network, home=self.home, seed=7, at=STILL)
        self.contexts.append(
            Context(lambda: settings, lambda s: open_services(s, lambda _: None), stdin=StringIO())
        )
        return self

    def values(self) -> dict[str, tuple[Any, Any]]:
        """The table of limits: name -> value and used."""
        rows = json.loads(self.type("limits --json").out, parse_float=Decimal)
        return {row["name"]: (row["value"], row["used"]) for row in rows}

    @property
    def folder(self) -> Path:
        [found] = (self.home / "paper").iterdir()
        return found

    def position(self) -> Decimal:
        """The perpetual as the exchange has it."""
        where = Endpoint.read(self.folder)
        assert where is not None
        wire = Wire(where.um_url, where.api_key, where.api_secret, "/fapi/v1")
        rows = wire.signed("GET", "/fapi/v3/positionRisk").json
        return sum((Decimal(row["positionAmt"]) for row in rows), Decimal(0))

    def orders(self) -> int:
        """How many orders the exchange accepted on the perpetual."""
        where = Endpoint.read(self.folder)
        assert where is not None
        wire = Wire(where.um_url, where.api_key, where.api_secret, "/fapi/v1")
        return len(wire.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT").json)


def _type(context: Context, line: str) -> Said:
    out, err = StringIO(), StringIO()
    context._stderr = err
    shell = Shell(context, stdout=out)
    shell.onecmd(line)
    return Said(shell.code, out.getvalue(), err.getvalue())


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path).another()
    yield made
    for context in reversed(made.contexts):
        context.close()


def test_an_order_over_the_limit_is_refused_before_anything_is_sent(session: Session) -> None:
    session.type("limits set max-order 500usdt")

    said = session.type("open-spread BTCUSDT 1000usdt")

    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "error: 1000 USDT is over the order limit of 500 USDT\n  hint: limits set max-order 1000usdt\n"
    )
    assert session.orders() == 0


def test_what_the_hint_says_is_enough(session: Session) -> None:
    session.type("limits set max-order 500usdt")
    session.type("limits set max-order 1000usdt")

    assert session.type("open-spread BTCUSDT 1000usdt").code == 0


def test_the_table_shows_limits_and_what_is_used_of_them(session: Session) -> None:
    session.type("limits set max-day-loss 2%")
    session.type("open-spread BTCUSDT 1000usdt")

    values = session.values()

    assert values["max-orders-minute"] == (3000, 2)
    assert values["max-day-loss"][0] == 2
    assert 900 < values["max-symbol"][1] < 1000
    assert 1800 < values["max-account"][1] == values["max-day"][1] - Decimal("0.49") < 2000
    assert values["futures weight"][0] == 2400
    assert values["spot weight"][1] > 0


def test_closing_gives_room_back_but_not_to_the_day(session: Session) -> None:
    session.type("open-spread BTCUSDT 1000usdt")
    session.type("close-spread BTCUSDT")

    values = session.values()

    assert values["max-symbol"][1] < 2  # coins under one lot, kept by the fee
    assert values["max-day"][1] > 1800


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("limits set max-ordr 5usdt", "no limit 'max-ordr'; did you mean max-order?"),
        ("limits set max-order 5", "max-order: amount '5' has no unit"),
        ("limits set max-order", "limits set needs NAME and VALUE"),
        ("limits rise", "verb 'rise' is not one of set, halt, resume"),
        ("limits resume now", "'now' is one argument too many for limits resume"),
    ],
)
def test_what_makes_no_sense_is_refused(session: Session, line: str, said: str) -> None:
    answer = session.type(line)

    assert (answer.code, answer.err.splitlines()[0]) == (2, f"error: {said}")


def test_leverage_over_the_limit_is_refused(session: Session) -> None:
    session.type("limits set max-leverage 3")

    refused = session.type("open-spread BTCUSDT 1000usdt")
    opened = session.type("open-spread BTCUSDT 1000usdt --leverage 3")

    assert refused.err == (
        "error: leverage 20 of BTCUSDT is over the limit of 3\n"
        "  hint: --leverage 3, or limits set max-leverage 20\n"
    )
    assert opened.code == 0


def test_a_halt_binds_every_shell_outlives_them_and_lets_a_spread_be_closed(session: Session) -> None:
    session.type("open-spread BTCUSDT 1000usdt")
    second = Session(session.home).another()
    second.type("limits halt audit")

    opening = session.type("open-spread ETHUSDT 1000usdt")
    closing = session.type("close-spread BTCUSDT")
    for context in session.contexts:
        context.close()
    later = session.type("open-spread BTCUSDT 1000usdt")
    second.contexts[0].close()
    session.type("limits resume")

    assert opening.err == "error: trading is halted since 00:00 UTC: audit\n  hint: limits resume\n"
    assert closing.code == 0, closing.err
    assert later.err == opening.err
    assert session.type("open-spread BTCUSDT 1000usdt").code == 0


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_dropped_file_halts_as_well(session: Session, everywhere: bool) -> None:
    session.type("servertime")
    file = (session.home if everywhere else session.folder) / "HALT"
    file.touch()

    said = session.type("open-spread BTCUSDT 1000usdt")
    resumed = session.type("limits resume")

    assert (said.code, said.err.splitlines()[0].endswith(f"UTC: file {file}")) == (1, True)
    assert resumed.code == (1 if everywhere else 0)
    assert file.exists() is everywhere


def test_a_halt_between_the_legs_takes_the_first_one_back(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.type("servertime")
    futures = session.contexts[0].services.spreads.futures
    place = futures.place

    def halt_once_the_perpetual_is_sold(request: OrderRequest) -> Order:
        sold = place(request)
        (session.folder / "HALT").write_text("2026-01-01T00:00:00+00:00 drill")
        return sold

    monkeypatch.setattr(futures, "place", halt_once_the_perpetual_is_sold)

    said = session.type("open-spread BTCUSDT 1000usdt")

    assert said.code == 1
    assert (
        "spot leg refused (trading is halted since 00:00 UTC: drill) after the perp filled 0.021 BTC"
        in said.err
    )
    assert session.position() == 0


def test_the_loss_of_the_day_halts_trading_by_itself(session: Session) -> None:
    session.type("limits set max-day-loss 0.05%")
    session.type("open-spread BTCUSDT 20000usdt --max-slippage 50bp")  # both ways cost 60 of 100 000 USDT
    session.type("close-spread BTCUSDT --max-slippage 50bp")

    said = session.type("open-spread BTCUSDT 1000usdt")

    assert said.code == 1
    assert said.err.startswith("error: trading is halted since 00:00 UTC: day loss 0.06% over 0.05%")
    session.type("limits resume")
    assert session.type("open-spread BTCUSDT 1000usdt").code == 0


@pytest.mark.parametrize("network", ["paper", "mainnet"])
def test_a_settings_file_that_makes_no_sense_stops_everything_first(tmp_path: Path, network: str) -> None:
    (tmp_path / "settings.toml").write_text("[limits.paper]\nmax-order = 5\n")

    said = Session(tmp_path, network).type("limits")

    assert said.code == 4
    assert said.err.startswith(f"error: {tmp_path}/settings.toml line 2: max-order: amount '5' has no unit\n")
    assert not (tmp_path / network).exists()


def test_a_file_spoiled_meanwhile_lets_nothing_out_that_adds_risk(session: Session) -> None:
    session.type("open-spread BTCUSDT 1000usdt")
    (session.home / "settings.toml").write_text("[limits.paper]\nmax-ord")

    opening = session.type("open-spread ETHUSDT 1000usdt")
    closing = session.type("close-spread BTCUSDT")

    assert opening.code == 4
    assert closing.code == 0

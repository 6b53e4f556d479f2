"""A desk at the embedded exchange, and lines typed at it through the real shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from atapi.app import open_services
from atapi.services.container import Services
from atapi.settings import Settings
from atapi.shell.context import Context
from atapi.shell.shell import Shell
from tests.shell.commands.desk import Said

START = datetime(2026, 1, 1, tzinfo=UTC)
PATHS = {"spot": "/api/v3/order", "um": "/fapi/v1/order"}


class PaperDesk:
    """One shell whose services stay open from line to line, at an exchange whose clock stands still."""

    def __init__(self, home: Path) -> None:
        self._out, self._err = StringIO(), StringIO()
        settings = Settings(home=home, seed=7, at=START)
        context = Context(
            lambda: settings,
            lambda s: open_services(s, lambda line: None),
            stdin=StringIO(),
            stderr=self._err,
        )
        self.shell = Shell(context, stdout=self._out)

    @property
    def services(self) -> Services:
        """What the commands call."""
        return self.shell.context.services

    def type(self, line: str) -> Said:
        """Run a line as a script would."""
        for stream in (self._out, self._err):
            stream.seek(0)
            stream.truncate()
        self.shell.onecmd(line)
        assert "Traceback" not in self._err.getvalue()
        return Said(self.shell.code, self._out.getvalue(), self._err.getvalue())

    def rows(self, line: str) -> list[dict[str, Any]]:
        """Run a line that must succeed and read its rows, numbers exact."""
        said = self.type(f"{line} --json")
        assert said.code == 0, said.err
        rows: list[dict[str, Any]] = json.loads(said.out, parse_float=Decimal, parse_int=Decimal)
        return rows

    def row(self, line: str) -> dict[str, Any]:
        """Run a line that gives one row."""
        [row] = self.rows(line)
        return row

    def by_hand(self, market: str, method: str = "POST", **parameters: str) -> Any:
        """Do something at the exchange that atapi knows nothing of, as on its website."""
        trading = self.services.trading
        venue: Any = trading.spot if market == "spot" else trading.futures
        return venue.link.request(method, PATHS[market], {"symbol": "BTCUSDT", **parameters}, signed=True)

    def state(self) -> tuple[Any, ...]:
        """Everything the account holds: what no refusal may change."""
        lines = ("balance", "positions", "orders --all", "spreads --all")
        return tuple(self.type(f"{line} --json").out for line in lines)

    def close(self) -> None:
        """Leave."""
        self.shell.context.close()


@contextmanager
def seated(home: Path) -> Iterator[PaperDesk]:
    """Sit down at a desk, and leave it."""
    desk = PaperDesk(home)
    try:
        yield desk
    finally:
        desk.close()

"""One exchange that many shells trade on at once, each with an account, a home and proxies of its own."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from atapi.paper.endpoint import Endpoint
from atapi.paper.host import LOCK, folder_of
from atapi.paper.locks import FileLock
from tests.execution import checker
from tests.execution.proxy import Bystander, Count, Meet, Proxy
from tests.gates.served import Served
from tests.gates.shells import Ended, Shell, Shells

SEED = "7"
SHOW = "spreads --all --json"


class Street:
    """An exchange in a process of its own, and where shells come from.

    Args:
        shells: Starts them; a zygote of its own where None.
    """

    def __init__(self, shells: Shells | None = None) -> None:
        self._closing = ExitStack()
        folder = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="atapi-street-"))
        self.folder = Path(folder)
        self.served = Served(self.folder / "exchange")
        self.served.start()
        self._closing.callback(self.served.kill)
        self.shells = shells or Shells()
        self._closing.callback(self.shells.close)
        self.elsewhere = Bystander()
        self._closing.callback(self.elsewhere.close)
        self._pairs: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._houses = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def house(self, *symbols: str) -> House:
        """Build a house whose shells trade some symbols; BTCUSDT where none is named."""
        with self._lock:
            self._houses += 1
            number = self._houses
        return House(self, f"h{number}", symbols or ("BTCUSDT",))

    def history(
        self, key: str, secret: str, symbols: tuple[str, ...], before: Mapping[str, str]
    ) -> dict[str, Any]:
        """Read an account's whole record, past every proxy."""
        told = self.served.told
        pairs = {symbol: self._pairs[symbol] for symbol in symbols if symbol in self._pairs}
        known = pairs if len(pairs) == len(symbols) else None
        found = checker.collect(
            told["spot"], told["um"], key, secret, symbols=symbols, before=before, pairs=known
        )
        self._pairs |= found["pairs"]
        return found

    def step(self, symbol: str) -> Decimal:
        """The coarser of a pair's lots, in its coin."""
        return Decimal(self._pairs[symbol]["step"])


class House:
    """One trader: an account, a home, proxies between its shells and the exchange, and everything that was run."""

    def __init__(self, street: Street, name: str, symbols: tuple[str, ...]) -> None:
        made = street.served.admin("accounts", name=name, funded=True)
        self._street = street
        self._symbols = symbols
        self._key, self._secret = made["key"], made["secret"]
        self.home = street.folder / name
        self.runs: list[dict[str, Any]] = []
        self.count = Count()
        told = street.served.told
        self.proxies = {market: Proxy(told[market], market, self.count) for market in ("spot", "um")}
        world = folder_of(self.home, f"synthetic-{SEED}", None)
        world.mkdir(parents=True, mode=0o700)
        self._lock = FileLock(world / LOCK)
        assert self._lock.take()  # so that its shells join the exchange there is, rather than start one
        Endpoint(
            spot_url=self.proxies["spot"].url,
            um_url=self.proxies["um"].url,
            cm_url=told["cm"],
            api_key=self._key,
            api_secret=self._secret,
            admin_token=told["token"],
            pid=os.getpid(),
        ).write(world)
        self._started = 0
        self._before: dict[str, str] = {}
        self._before = self.history()["balances"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for proxy in self.proxies.values():
            proxy.close()
        self._lock.release()

    def history(self) -> dict[str, Any]:
        """Read what the exchange recorded of it."""
        found = self._street.history(self._key, self._secret, self._symbols, self._before)
        return found | {"doubled": self.count.doubled}

    def start(self, line: str, *, meet: Meet | None = None, before: str = "", **options: Any) -> Shell:
        """Start a shell that runs one line.

        Args:
            line: The command.
            meet: What befalls its requests.
            before: A line before it, such as `set timeout 2s`.
            options: As of `Shells.start`.
        """
        self.begin(meet)
        shell = self.another(line, before=before, **options)
        self._shell.set_result(shell)
        return shell

    def begin(self, meet: Meet | None = None) -> None:
        """Take connections, and count requests from one again."""
        for proxy in self.proxies.values():
            proxy.open()
        self.count.begin(meet or (lambda passing: None))
        self._shell: Future[Shell] = Future()

    def another(self, line: str, *, before: str = "", **options: Any) -> Shell:
        """Start a shell beside those that run."""
        self._started += 1
        script = f"{before} > /dev/null\n{line}\n" if before else f"{line}\n"
        argv = ["--home", str(self.home), "--seed", SEED]
        return self._street.shells.start(argv, script, self.home / "runs" / str(self._started), **options)

    def signal(self, number: int = signal.SIGKILL) -> None:
        """Send the shell that was started last a signal."""
        self._shell.result().send(number)

    def run(self, line: str, *, meet: Meet | None = None, before: str = "", **options: Any) -> Ended:
        """Run one line to the end of its shell, and keep what came of it."""
        shell = self.start(line, meet=meet, before=before, **options)
        return self.note(line, shell.wait())

    def note(self, line: str, ended: Ended) -> Ended:
        """Keep how a shell ended, and what the exchange held then."""
        self.runs.append(
            {
                "line": line,
                "code": ended.code,
                "out": ended.out,
                "err": ended.err,
                "requests": [(asked.at_s, asked.market) for asked in self.count.asked],
                "pauses": list(self.count.pauses),
                "held": {symbol: list(row) for symbol, row in checker.held(self.history()).items()},
            }
        )
        return ended

    def step(self, symbol: str) -> Decimal:
        """The coarser of a pair's lots."""
        return self._street.step(symbol)

    def wrong(self) -> list[str]:
        """Let the checker judge everything that was run here."""
        return checker.judge(self.history(), self.runs)

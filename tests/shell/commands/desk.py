"""A desk over fake venues, and lines typed at it through the real shell."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from atapi.clock import ManualClock
from atapi.services.account import AccountService
from atapi.services.basis import BasisService
from atapi.services.fees import FeeReader
from atapi.services.funding import FundingService
from atapi.services.market import MarketService
from atapi.services.marketcap import MarketCapService
from atapi.services.network import Api, NetworkInfo, NetworkService
from atapi.services.paper import PaperService
from atapi.services.paper_accounts import PaperAccounts
from atapi.services.paper_faults import PaperFaults
from atapi.services.paper_recording import PaperRecording
from atapi.settings import Settings
from atapi.shell.context import Context
from atapi.shell.shell import Shell
from atapi.table import Table
from tests.fakes import (
    NOON,
    FakeBackroom,
    FakeClockSource,
    FakeFutures,
    FakePaper,
    FakeSpot,
    FakeSupply,
    FakeWallets,
)
from tests.services.worlds import FUTURES, SPOT, book_of, unwritten


@dataclass(frozen=True)
class Said:
    """What a line came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Standard output by line."""
        return self.out.splitlines()


@dataclass
class Desk:
    """Everything the read-only commands ask for, in memory."""

    home: Path
    network: str = "paper"
    key: str | None = "abcd1234567890wxyz"
    now: datetime = NOON
    spot: FakeSpot = field(default_factory=FakeSpot)
    futures: FakeFutures = field(default_factory=FakeFutures)
    wallets: FakeWallets = field(default_factory=FakeWallets)
    supply: dict[str, Decimal] = field(default_factory=dict)
    control: FakePaper = field(default_factory=FakePaper)
    backroom: FakeBackroom = field(default_factory=FakeBackroom)

    def type(self, line: str) -> Said:
        """Run a line as a script would."""
        out, err = StringIO(), StringIO()
        shell = self.shell(out, err)
        shell.onecmd(line)
        return Said(shell.code, out.getvalue(), err.getvalue())

    def reads(self, line: str) -> bool:
        """Tell whether the words of a line make sense to its command; nothing is run."""
        self.shell(StringIO(), StringIO()).read(line.split())
        return True

    def table(self, line: str) -> Table:
        """Run a line and take the table itself, as a notebook does."""
        shell = self.shell(StringIO(), StringIO())
        command, args = shell.read(line.split())
        table = command.run(shell.context, args)
        assert isinstance(table, Table)
        return table

    def shell(self, out: StringIO, err: StringIO) -> Shell:
        """Open a shell at this desk."""
        settings = Settings(network=self.network, home=self.home)
        context = Context(
            lambda: settings, lambda _: nullcontext(self.services()), stdin=StringIO(), stderr=err
        )
        return Shell(context, stdout=out)

    def services(self) -> Any:
        """Wire the services as the composition root does."""
        self.spot.listed, self.futures.listed = SPOT, FUTURES
        spot, futures, clock = self.spot, self.futures, ManualClock(self.now)
        book, info = book_of(spot, futures), NetworkInfo(name=self.network, key=self.key)
        reader = FeeReader(spot=spot, futures=futures, wallets=self.wallets, info=info)
        funding = FundingService(futures=futures, book=book)
        account = AccountService(
            spot=spot,
            futures=futures,
            wallets=self.wallets,
            fee_reader=reader,
            book=book,
            info=info,
            clock=clock,
        )
        apis = [
            Api(name=name, url=f"http://127.0.0.1:{port}", venue=venue, clock=FakeClockSource())
            for name, port, venue in (("spot", 1, spot), ("futures", 2, futures))
        ]
        return SimpleNamespace(
            clock=clock,
            market=MarketService(spot=spot, futures=futures, book=book),
            marketcap=MarketCapService(spot=spot, supply=FakeSupply(self.supply), book=book),
            funding=funding,
            basis=BasisService(
                spot=spot, futures=futures, funding=funding, fees=reader, book=book, clock=clock
            ),
            account=account,
            orders=unwritten(spot, futures, book, info),
            network=NetworkService(info=info, apis=apis),
            paper=PaperService(
                control=self.control,
                futures=futures,
                account=account,
                accounts=PaperAccounts(self.backroom),
                faults=PaperFaults(self.backroom),
                recording=PaperRecording(control=self.backroom, player=self.player),
                server=self.server,
            )
            if self.network == "paper"
            else None,
        )

    def player(self, feed: str, port: int, out: IO[str]) -> None:
        """Say what and where, and come back as if interrupted at once."""
        out.write(f"feed: {feed}\nspot: http://127.0.0.1:{port}\n")

    def server(self, port: int, out: IO[str]) -> None:
        """Say where, and come back as if interrupted at once."""
        out.write(f"spot: http://127.0.0.1:{port}\n")

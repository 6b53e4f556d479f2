"""The embedded exchange's own side: its control path and what has to follow here when its time or world jumps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, TYPE_CHECKING

from atapi.domain.account import Wallet
from atapi.exchanges.binance.venue import BinanceVenue
from atapi.exchanges.paper_backroom import PaperBackroom
from atapi.execution.day_loss import DayLoss
from atapi.execution.executor import Executor
from atapi.services.account import AccountService
from atapi.services.paper import PaperControl, PaperService
from atapi.services.paper_accounts import PaperAccounts
from atapi.services.paper_faults import PaperFaults
from atapi.services.paper_recording import PaperRecording

if TYPE_CHECKING:
    from atapi.exchanges.paper_admin import PaperAdmin, PaperStatus


@dataclass(frozen=True, slots=True)
class PaperSide:
    """What the embedded exchange offers beside its markets."""

    control: Callable[[], PaperAdmin]
    serve: Callable[[int, IO[str]], None]
    play: Callable[[str, int, IO[str]], None]

    def service(
        self, venue: BinanceVenue, account: AccountService, executor: Executor, day_loss: DayLoss
    ) -> PaperService:
        """Build the service that controls it."""
        return PaperService(
            control=Jumps(self.control, venue, executor, day_loss),
            futures=venue.futures,
            account=account,
            accounts=PaperAccounts(PaperBackroom(self.control)),
            faults=PaperFaults(PaperBackroom(self.control)),
            recording=PaperRecording(control=PaperBackroom(self.control), player=self.play),
            server=self.serve,
        )


class Jumps:
    """The embedded exchange's control path, with what has to follow on this side when its time or world jumps."""

    def __init__(
        self, control: Callable[[], PaperControl], venue: BinanceVenue, executor: Executor, day_loss: DayLoss
    ) -> None:
        self._control = control
        self._venue = venue
        self._executor = executor
        self._day_loss = day_loss

    def status(self) -> PaperStatus:
        """Ask for its clock, feed, accounts and world."""
        return self._control().status()

    def advance(self, span: timedelta) -> datetime:
        """Move its clock on, and measure it anew."""
        now = self._control().advance(span)
        self._venue.clock.resync()
        return now

    def deposit(self, wallet: Wallet, asset: str, amount: Decimal) -> None:
        """Give the account funds."""
        self._control().deposit(wallet, asset, amount)

    def reset(self) -> None:
        """Throw its world away; the journal of what was traded in it is put aside with it."""
        self._executor.put_aside()
        self._day_loss.begin_anew()
        self._control().reset()
        self._venue.clock.resync()

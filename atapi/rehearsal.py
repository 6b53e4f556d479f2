"""Makes the world that a drill is played in: an exchange, a desk, and a home of their own, thrown away after it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from tempfile import TemporaryDirectory

from atapi.app import Joined, join_paper, paper_services
from atapi.domain.account import Wallet
from atapi.domain.instruments import Market
from atapi.exchanges.base import SpotVenue
from atapi.exchanges.binance.networks import paper_endpoints
from atapi.exchanges.binance.venue import connect
from atapi.exchanges.paper_backroom import PaperBackroom
from atapi.services.drill_world import Log, MovedClock, Witness, World
from atapi.settings import Settings
from atapi.wiring import OrderPath, order_path

TIMEOUT_S = 2.0  # of one request: a lost answer is not waited for any longer
FORTUNE = Decimal(100_000_000)  # of the stranger, USDT


@contextmanager
def open_world(log: Log) -> Iterator[World]:
    """Open a world; its exchange goes by the machine's clock, moved on by whatever the order path waits for."""
    with TemporaryDirectory(prefix="atapi-drill-") as folder, ExitStack() as stack:
        settings = Settings(home=Path(folder), timeout_s=TIMEOUT_S)
        joined = join_paper(settings, stack)
        venue, backroom = joined.venue, PaperBackroom(joined.control)

        def advance(span: timedelta) -> None:
            joined.control().advance(span)
            venue.clock.forget()

        def child(line: str) -> Popen[str]:
            script = f"set timeout {TIMEOUT_S:g}s; {line}"
            words = [sys.executable, "-m", "atapi", "--home", folder, "-c", script]
            process = Popen(words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, text=True)
            stack.callback(_end, process)
            return process

        clock = MovedClock(lambda: joined.control().status().now, advance)
        log.now = clock.now
        witnesses = {Market.SPOT: Witness(venue.spot, log), Market.UM: Witness(venue.futures, log)}
        path = OrderPath({**order_path(venue).venues, **witnesses}, clock)
        yield World(
            services=paper_services(settings, joined, path, log.tell, stack),
            log=log,
            backroom=backroom,
            clock=clock,
            witnesses=witnesses,
            stranger=_stranger(joined, backroom, stack),
            child=child,
            began=clock.now(),
        )


def _stranger(joined: Joined, backroom: PaperBackroom, stack: ExitStack) -> SpotVenue:
    made = backroom.add_account("stranger", funded=True, fees={}, permissions=None)
    backroom.deposit("stranger", Wallet.SPOT, "USDT", FORTUNE)
    where = paper_endpoints(joined.hosted.spot_url, joined.hosted.um_url)
    venue = connect(where, made.key, made.secret, TIMEOUT_S)
    stack.callback(venue.close)
    return venue.spot


def _end(process: Popen[str]) -> None:
    """Leave nothing behind where a drill broke off."""
    if process.poll() is None:
        process.kill()
        process.communicate()

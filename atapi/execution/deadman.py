"""The dead man's hand on spot: a small process that cancels orders when whoever placed them is gone.

Binance's countdown is for futures alone. This process is told over its standard input where the exchange is, with
which key, and which orders to hold; it learns nothing from its arguments or its environment. When that pipe closes,
however it came to that, the orders that are still held are canceled, and the process ends. It can do nothing else.

python -m atapi.execution.deadman    started by `lifeline`, never by hand
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import IO, Protocol

from atapi.clock import Deadline, SystemClock
from atapi.domain.orders import Order
from atapi.errors import AtapiError, OrderNotFound
from atapi.exchanges.binance.networks import Endpoints
from atapi.exchanges.binance.venue import connect

PATIENCE_S = 600.0  # an exchange that cannot be reached is tried for so long
ABSENT_S = 60.0  # an order that is shown nowhere for so long was never accepted
PAUSE_S = 1.0


class CancelPath(Protocol):
    """All this process can do."""

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Cancel one order."""
        ...

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask how one order stands."""
        ...


def main(lines: IO[str], out: IO[str]) -> int:
    """Hold orders until the lines end, then cancel them; tell by the exit code whether none is left."""
    letter = json.loads(lines.readline())
    venue = connect(Endpoints(**letter["endpoints"]), letter["key"], letter["secret"], letter["timeout_s"])
    with closing(venue):
        _answer(out, "ready")
        return 0 if cancel(venue.spot, hold(lines, out), SystemClock().sleep) else 1


def shield() -> None:
    """Outlive what ends the shell, and leave no core file: this process holds a secret."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hold(lines: IO[str], out: IO[str]) -> dict[str, str]:
    """Follow what is to be held until the lines end: symbols by client order id."""
    held: dict[str, str] = {}  # client order id -> symbol
    for line in lines:
        try:
            word = json.loads(line)
        except ValueError:
            break  # the pipe was cut in the middle of a line
        if word["hold"]:
            held[word["id"]] = word["symbol"]
        else:
            held.pop(word["id"], None)
        _answer(out, word["id"])
    return held


def cancel(venue: CancelPath, held: Mapping[str, str], wait: Callable[[float], None]) -> bool:
    """Cancel orders, asking until each has ended; tell whether all have."""
    left, patience = dict(held), Deadline(PATIENCE_S)
    unseen: dict[str, Deadline] = {}  # client order id -> when its absence is proven
    while left and patience.left() > 0:
        for client_order_id, symbol in list(left.items()):
            if _ended(venue, symbol, client_order_id, unseen):
                del left[client_order_id]
        if left:
            wait(PAUSE_S)
    return not left


def _ended(venue: CancelPath, symbol: str, client_order_id: str, unseen: dict[str, Deadline]) -> bool:
    try:
        return venue.cancel(symbol, client_order_id).status.final
    except OrderNotFound:
        pass
    except AtapiError:
        return False
    try:
        return venue.order(symbol, client_order_id).status.final
    except OrderNotFound:  # it may still be on its way
        return unseen.setdefault(client_order_id, Deadline(ABSENT_S)).left() <= 0
    except AtapiError:
        return False


def _answer(out: IO[str], text: str) -> None:
    try:
        print(text, file=out, flush=True)
    except OSError:
        return  # nobody reads it any more, which the end of the lines will tell too


if __name__ == "__main__":
    shield()
    sys.exit(main(sys.stdin, sys.stdout))

"""A client that knows a book only by Binance's published rule: buffer the changes, take a snapshot, apply what follows.

It shares no code with the exchange. Sequence rules are asserted on every event, before the snapshot too.
Spot: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
USD-M: https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly
"""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.gates.line import TIMEOUT_S, Line

Side = dict[Decimal, Decimal]  # price -> quantity
Event = dict[str, Any]
SNAPSHOT = {"spot": ("/api/v3/depth", 5000), "um": ("/fapi/v1/depth", 1000), "cm": ("/dapi/v1/depth", 1000)}
WHERE = {"spot": "/ws/", "um": "/public/ws/", "cm": "/ws/"}


class Follower:
    """Keeps one book from one stream, on a thread of its own.

    Args:
        url: Base URL of the market's port.
        stream: `btcusdt@depth@100ms`, for example.
    """

    def __init__(self, market: str, url: str, symbol: str, stream: str) -> None:
        self.market = market
        self.name = f"{market} {stream}"
        self.bids: Side = {}
        self.asks: Side = {}
        self.events = self.rows = 0
        self.last = 0  # id of the newest change applied
        self.wrong: str | None = None
        self.moved = threading.Condition()
        self._url = url
        self._symbol = symbol
        self._opened = ExitStack()
        address = f"{url.replace('http', 'ws')}{WHERE[market]}{stream}"
        self._socket = self._opened.enter_context(
            connect(address, proxy=None, open_timeout=TIMEOUT_S, max_size=None, ping_timeout=None)
        )
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._opened.close()
        self._thread.join()

    def reaches(self, update_id: int, timeout_s: float) -> bool:
        """Wait until its book is as new as that."""
        with self.moved:
            return self.moved.wait_for(lambda: self.wrong is not None or self.last >= update_id, timeout_s)

    # ------------------------------------------------------------------------------------------------------------
    def _follow(self) -> None:
        try:
            messages = map(json.loads, self._socket)
            first = next(messages, None)
            if first is None:
                return  # the connection ended before anything was told
            line = Line(self._url, "", "")
            path, limit = SNAPSHOT[self.market]
            snapshot = line.get(path, symbol=self._symbol, limit=limit)
            line.close()
            self._begin(snapshot)
            self._take(first)
            for event in messages:
                self._take(event)
        except ConnectionClosed:
            return
        except Exception as e:  # told by `check`: a thread's own exception is nobody's
            with self.moved:
                self.wrong = repr(e)
                self.moved.notify_all()
            raise

    def _begin(self, snapshot: dict[str, Any]) -> None:
        self._snapshot_id = self.last = int(snapshot["lastUpdateId"])
        self._previous: int | None = None  # `u` of the event before, applied or not
        self._joined = False
        for side, rows in ((self.bids, snapshot["bids"]), (self.asks, snapshot["asks"])):
            side.update((Decimal(price), Decimal(quantity)) for price, quantity in rows)

    def _take(self, event: Event) -> None:
        first, last = event["U"], event["u"]
        assert event["e"] == "depthUpdate", event
        assert event["s"] == self._symbol, event
        assert first <= last, event
        if self._previous is not None:
            if self.market == "spot":
                assert first == self._previous + 1, f"{first} follows {self._previous}"
            else:
                assert event["pu"] == self._previous, f"pu {event['pu']} follows {self._previous}"
        self._previous = last
        self.events += 1
        stale = last <= self._snapshot_id if self.market == "spot" else last < self._snapshot_id
        if not self._joined and stale:
            return
        if not self._joined:
            due = self._snapshot_id + 1 if self.market == "spot" else self._snapshot_id
            assert first <= due <= last, f"{first}-{last} does not join the snapshot {self._snapshot_id}"
            self._joined = True
        with self.moved:
            for side, rows in ((self.bids, event["b"]), (self.asks, event["a"])):
                for price, quantity in rows:
                    if Decimal(quantity):
                        side[Decimal(price)] = Decimal(quantity)
                    else:
                        side.pop(Decimal(price), None)
            self.rows += len(event["b"]) + len(event["a"])
            assert max(self.bids, default=0) < min(self.asks, default=Decimal("Infinity")), (
                f"crossed at {last}"
            )
            self.last = last
            self.moved.notify_all()

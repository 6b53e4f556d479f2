"""What Binance pushes to an account, as bells: whoever hears one asks by REST, which alone is believed.

Three lines: futures' orders and account by listen key, spot's by a signed subscription on the WebSocket API (spot has
no listen keys since 2026-02-20), and changes of futures contracts.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams,
https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from atapi.clock import Deadline
from atapi.domain.streams import StreamState
from atapi.errors import VenueUnreachable
from atapi.exchanges.binance import parse
from atapi.exchanges.binance.futures import BinanceFutures
from atapi.exchanges.binance.link import Link, decoded
from atapi.exchanges.binance.socket_line import SocketLine, dial
from atapi.exchanges.binance.spot import BinanceSpot

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

EVENTS = "ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/MARGIN_CALL/ACCOUNT_CONFIG_UPDATE"
ENDS = frozenset({"listenKeyExpired", "eventStreamTerminated", "serverShutdown"})
KEY_RENEWAL_S = 1800.0  # a listen key lives for an hour after it was last asked for
_ANSWER_S = 10.0  # allowed for the answer to a subscription


class UserStreams:
    """The lines of one account. Implements `EventStreams`."""

    def __init__(self, spot: BinanceSpot, futures: BinanceFutures) -> None:
        self._spot = spot
        self._futures = futures
        self._lines: list[SocketLine] = []
        self._renewal = Deadline(KEY_RENEWAL_S)

    def follow(self, told: Callable[[str], None]) -> None:
        """Open the lines; `told` is called in their threads with a line's name, at each event and each opening."""
        assert not self._lines, "followed already"
        self._lines = [
            SocketLine("futures", self._open_futures, told, over=_over, tend=self._keep_key),
            SocketLine("spot", self._open_spot, told, over=_over),
            SocketLine("listing", self._open_listing, told, over=_over),
        ]
        for line in self._lines:
            line.start()

    def states(self) -> list[StreamState]:
        """Tell how each line stands; none where nobody follows."""
        return [line.state() for line in self._lines]

    def distrust(self, name: str) -> None:
        """Open a line anew: it said nothing of what was seen by REST."""
        for line in self._lines:
            if line.name == name:
                line.renew("it was silent about a change")

    def close(self) -> None:
        """Hang up."""
        for line in self._lines:
            line.stop()
        self._lines = []

    @contextmanager
    def _open_futures(self) -> Iterator[ClientConnection]:
        key = self._listen_key()
        path = f"/private/ws?listenKey={quote(key)}&events={EVENTS}"
        with dial(self._futures.link.socket_url(path)) as line:
            yield line

    @contextmanager
    def _open_spot(self) -> Iterator[ClientConnection]:
        with dial(self._spot.link.socket_url("/ws-api/v3")) as line:
            _subscribe(line, self._spot.link)
            yield line

    @contextmanager
    def _open_listing(self) -> Iterator[ClientConnection]:
        with dial(self._futures.link.socket_url("/market/ws/!contractInfo")) as line:
            yield line

    def _listen_key(self) -> str:
        # asking again tells the living key and prolongs it: one call for both
        payload = self._futures.api.new_listen_key()
        self._renewal = Deadline(KEY_RENEWAL_S)
        return parse.read("listenKey", lambda row: parse.text(row, "listenKey"), payload)

    def _keep_key(self) -> None:
        if self._renewal.left() <= 0:
            self._listen_key()


def _subscribe(line: ClientConnection, link: Link) -> None:
    call = {"id": "guard", "method": "userDataStream.subscribe.signature", "params": link.socket_parameters()}
    line.send(json.dumps(call))
    answer: Any = decoded(_bytes(line.recv(timeout=_ANSWER_S)))
    if not isinstance(answer, dict) or answer.get("status") != 200:
        error = answer.get("error") if isinstance(answer, dict) else None
        told = error.get("msg", "") if isinstance(error, dict) else "no usable answer"
        raise VenueUnreachable(f"the user stream of spot was refused: {told}")


def _over(message: str | bytes) -> bool:
    event = decoded(_bytes(message))
    if isinstance(event, dict) and isinstance(event.get("event"), dict):
        event = event["event"]  # spot wraps it
    return isinstance(event, dict) and event.get("e") in ENDS


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message

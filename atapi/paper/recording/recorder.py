"""Writes a running exchange into a log: what markets tell, what users are told, and what they decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from atapi.paper.faults.streams import payload_of
from atapi.paper.recording.lines import Writer
from atapi.paper.records import Refusal
from atapi.paper.wire.http import Answer
from atapi.paper.wire.shapes.market import levels, printer_of

if TYPE_CHECKING:
    from atapi.paper.wire.gateway import Gateway

Json = dict[str, Any]
STREAMS = {
    "spot": ("depth", "trade", "bookTicker"),
    "um": ("depth", "trade", "bookTicker", "markPrice"),
    "cm": ("depth", "trade", "bookTicker", "markPrice"),
}
SNAPSHOT = 1000  # levels of a side
SECRET = (
    "listenKey",
    "listenToken",
    "token",
)  # of an answer or a parameter: who has one hears what its owner is told
UNTOLD = ("signature", "apiKey", "timestamp", "recvWindow")  # proof, and what differs with each run


class Recorder:
    """A recording that goes on until it is closed. Times are the exchange's own, so that the same script on the same
    standing clock leaves the same log.

    Args:
        symbols: Whose markets are recorded; users and decisions are recorded of all.
    Raises:
        ConfigError: The file cannot be written.
        Refusal: -1121 for a symbol that is not listed.
    """

    def __init__(self, gateway: Gateway, path: Path, symbols: Sequence[str]) -> None:
        self.path = path
        self._gateway = gateway
        self._exchange = gateway.exchange
        self._hub = gateway.hub()
        catalogue = self._exchange.catalogue
        listed = {"spot": catalogue.spot, "um": catalogue.um, "cm": catalogue.cm}
        for symbol in symbols:
            if not any(symbol in rules for rules in listed.values()):
                raise Refusal(-1121, f"Invalid symbol '{symbol}'.")
        self._writer = Writer(path)
        self._leave: list[Callable[[], None]] = []
        self._followed: set[str] = set()
        self._write({"feed": self._exchange.feed.identity(), "symbols": list(symbols)})
        for market, rules in listed.items():
            for symbol in symbols:
                if symbol in rules:
                    self._begin(market, symbol)
        self._follow()

    @property
    def lines(self) -> int:
        """How many lines were written."""
        return self._writer.lines

    def catch_up(self) -> None:
        """Write what has been told already, before anything else is asked: whatever loop runs this, in one order."""
        self._hub.catch_up()

    def decision(self, market: str, account: str, asked: str, params: Json, answer: Answer) -> None:
        """Write what a user asked for, without what proves who asked, and what was answered."""
        self._follow()
        self._write(
            {
                "market": market,
                "account": account,
                "asked": asked,
                "params": _shown({name: value for name, value in params.items() if name not in UNTOLD}),
                "status": answer.status,
                "answer": _shown(msgspec.json.decode(answer.body)),
            }
        )

    def close(self) -> None:
        """Finish the log."""
        for leave in self._leave:
            leave()
        self._writer.close()

    # ------------------------------------------------------------------------------------------------------------
    def _begin(self, market: str, symbol: str) -> None:
        for kind in STREAMS[market]:
            name = f"{symbol.lower()}@{kind}"
            self._leave.append(self._hub.join(market, name, _Ear(self._write, market, name)))
        update_id, bids, asks = self._gateway.snapshot(market, symbol, SNAPSHOT)
        printer = printer_of(self._exchange, market, symbol)
        sides = {"bids": levels(bids, printer), "asks": levels(asks, printer)}
        self._write({"market": market, "snapshot": symbol, "data": {"lastUpdateId": update_id, **sides}})

    def _follow(self) -> None:
        for record in self._exchange.accounts():
            if record.account not in self._followed:
                self._followed.add(record.account)
                for market in STREAMS:
                    self._leave.append(
                        self._hub.follow(market, record.account, self._sink(market, record.name))
                    )

    def _sink(self, market: str, name: str) -> Callable[[Json], None]:
        return lambda event: self._write({"market": market, "account": name, "event": event})

    def _write(self, message: Json) -> None:
        self._writer.write(self._exchange.now_ms(), message)


def _shown(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    return {name: "****" if name in SECRET else value for name, value in message.items()}


class _Ear:
    """Hears one stream."""

    def __init__(self, write: Callable[[Json], None], market: str, name: str) -> None:
        self._write = write
        self._market = market
        self._name = name

    def deliver(self, raw: bytes, combined: Callable[[], bytes]) -> None:
        """Write one payload down."""
        data = msgspec.json.decode(payload_of(raw))
        self._write({"stream": self._name, "data": data, "market": self._market})

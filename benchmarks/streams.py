"""A hundred WebSocket subscribers of a stream of a thousand messages a second: do they fall behind?

    python -m benchmarks.streams [--subscribers 100] [--rate 1000] [--seconds 5] [--rounds 3]

Small market orders are sent at a fixed rate, due or not answered yet; each trades with the crowd, is booked durably, and
is one message of `btcusdt@trade` to everybody. Another process reads. Told are the messages that came against those
that were offered, how long after its trade each came (in whole milliseconds), how long after it was due an order was
answered, and what share of the time the server computed, orders and all.

The peer is FastAPI on uvicorn, told to send the same messages at the same rate to the same subscribers, with no orders
to match; it wants `pip install fastapi uvicorn uvloop httptools` and is left out where they are missing. They take
turns, and the medians of the rounds are shown. The ratios are of processor time a frame, the peer's by ours: once with
the orders in it, once less what the same orders take without subscribers.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import socket
import statistics
import threading
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

from benchmarks.exchange import CYCLE, price_of, script, versions
from benchmarks.listeners import Heard, listening
from benchmarks.servers import processor_time, serve_app, started

MODULE = "benchmarks.streams"
TURN_S = 0.5  # a little is offered first, so that nobody is cold


@dataclass(slots=True)
class Turn:
    """One turn of one server."""

    heard: Heard
    seconds: float
    processor: float  # seconds the server computed
    answers: list[float]  # seconds from when an order was due to its answer
    offered: int

    @property
    def share(self) -> float:
        """Of what was offered, that came to everybody."""
        return sum(self.heard.messages) / (self.offered * len(self.heard.messages))


# --- peer -------------------------------------------------------------------------------------------------------
def serve_peer() -> None:
    """Run uvicorn on a free port until stdin closes; prints the port. GET /tell?rate=1000&seconds=5 broadcasts."""
    from fastapi import FastAPI, WebSocketDisconnect
    from starlette.routing import WebSocketRoute

    app = FastAPI()
    subscribers: set[Any] = set()

    async def stream(subscriber: Any) -> None:
        await subscriber.accept()
        subscribers.add(subscriber)
        try:
            while True:
                await subscriber.receive_text()
        except WebSocketDisconnect:
            subscribers.discard(subscriber)

    async def tell(rate: int, seconds: float) -> int:
        loop, count = asyncio.get_running_loop(), int(rate * seconds)
        began = loop.time()
        for number in range(count):
            if (early := began + number / rate - loop.time()) > 0:
                await asyncio.sleep(early)
            now = time.time_ns() // 1_000_000
            text = (
                f'{{"e":"trade","E":{now},"s":"BTCUSDT","t":{now}{number:04},"p":"44068.90","q":"0.002",'
                f'"T":{now},"m":true,"X":"MARKET"}}'
            )
            for subscriber in list(subscribers):
                await subscriber.send_text(text)
        return count

    app.router.routes.append(WebSocketRoute("/ws", stream))
    app.get("/tell")(tell)
    serve_app(app)


# --- load -------------------------------------------------------------------------------------------------------
def offer(port: int, requests: list[bytes], rate: int, seconds: float) -> list[float]:
    """Send orders when they are due, answered or not; gives how long each answer took from then."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    due: deque[float] = deque()
    took: list[float] = []

    def read() -> None:
        rest = b""
        while data := connection.recv(262_144):
            text, now = rest + data, time.monotonic()
            for _ in range(text.count(b"HTTP/1.1 200 ")):
                took.append(now - due.popleft())
            assert b"HTTP/1.1 4" not in text, text
            rest = text[text.rfind(b"HTTP/1.1") + 1 :][-12:]

    reader = threading.Thread(target=read)
    reader.start()
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        due.append(began + number / rate)
        time.sleep(max(0.0, due[-1] - time.monotonic()))
        connection.sendall(requests[number % len(requests)])
    while due:
        time.sleep(0.01)
    connection.shutdown(socket.SHUT_RDWR)
    reader.join()
    connection.close()
    return took


def ours(server: dict[str, Any], subscribers: int, rate: int, seconds: float) -> Turn:
    """Let the exchange trade and tell."""
    port, [(key, secret)] = server["um"], server["keys"]
    requests = script("um", port, key, secret, "s", price_of(port, "um"))
    markets = [request for request, step in zip(requests, CYCLE, strict=True) if step[1] == "MARKET"]
    with listening(port, "/market/ws/btcusdt@trade", subscribers) as said:
        began, computed = time.monotonic(), processor_time(server["pid"])
        answers = offer(port, markets[:2], rate, seconds)
        said.send("done")
        heard: Heard = said.recv()
        took = (max(heard.last, began + seconds) if subscribers else time.monotonic()) - began
        computed = processor_time(server["pid"]) - computed
    return Turn(heard, took, computed, answers, int(rate * seconds))


def peers(server: dict[str, Any], subscribers: int, rate: int, seconds: float) -> Turn:
    """Let the peer tell."""
    port = server["port"]
    with listening(port, "/ws", subscribers) as said:
        computed = processor_time(server["pid"])
        with urlopen(f"http://127.0.0.1:{port}/tell?rate={rate}&seconds={seconds}", timeout=600) as answer:
            answer.read()
        said.send("done")
        heard: Heard = said.recv()
        computed = processor_time(server["pid"]) - computed
    return Turn(heard, max(heard.last - heard.first, seconds), computed, [], int(rate * seconds))


# --- report -----------------------------------------------------------------------------------------------------
def quantile(values: list[float], percent: int) -> float:
    """A percentile in milliseconds."""
    return statistics.quantiles(values, n=100)[percent - 1] * 1000


def each(turns: list[Turn], alone: list[Turn]) -> float:
    """Processor time of one message to one subscriber in microseconds, less that of turns without subscribers."""
    orders = [turn.processor for turn in alone] or [0.0] * len(turns)
    return statistics.median(
        (turn.processor - less) / sum(turn.heard.messages) * 1e6
        for turn, less in zip(turns, orders, strict=True)
    )


def report(name: str, turns: list[Turn]) -> None:
    """Print the medians of a server's turns."""
    middle = statistics.median
    line = (
        f"{name:<9} {middle(turn.share for turn in turns):>9.1%}"
        f" {middle(sum(turn.heard.messages) / turn.seconds for turn in turns):>9.0f}"
        f" {middle(turn.heard.percentile(50) for turn in turns):>7.0f}"
        f" {middle(turn.heard.percentile(99) for turn in turns):>7.0f}"
        f" {middle(turn.processor / turn.seconds for turn in turns):>7.0%} {each(turns, []):>8.2f}"
    )
    if turns[0].answers:
        times = [middle(quantile(turn.answers, percent) for turn in turns) for percent in (50, 99)]
        line += f" {times[0]:>8.1f} {times[1]:>8.1f}"
    print(line)
    if cut := sum(turn.heard.cut for turn in turns):
        print(f"  {cut} subscribers were cut")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subscribers", type=int, default=100)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5.0, help="a turn (default 5)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve-peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_peer:
        serve_peer()
        return
    print(versions())
    load = (options.rate, options.seconds)
    there = all(importlib.util.find_spec(package) for package in ("fastapi", "uvicorn"))
    alone: list[Turn] = []
    told: list[Turn] = []
    broadcast: list[Turn] = []
    with ExitStack() as stack:
        server = stack.enter_context(started("benchmarks.exchange", "--serve", "--connections", "1"))
        peer = stack.enter_context(started(MODULE, "--serve-peer")) if there else {}
        ours(server, 1, options.rate, TURN_S)
        for _ in range(options.rounds):
            alone.append(ours(server, 0, *load))
            told.append(ours(server, options.subscribers, *load))
            if there:
                broadcast.append(peers(peer, options.subscribers, *load))
    print(
        f"{options.rate} messages a second to {options.subscribers} subscribers, {options.seconds} s a turn"
    )
    print("what      delivered  frames/s  p50 ms  p99 ms  server us/frame  order p50 p99 ms")
    report("exchange", told)
    orders = statistics.median(turn.processor / turn.seconds for turn in alone)
    print(f"  without subscribers: {orders:.0%}; the rest is {each(told, alone):.2f} us a frame")
    if broadcast:
        report("fastapi", broadcast)
        whole = each(broadcast, [])
        ratios = [f"{whole / own:.1f}x" if own > 0 else "-" for own in (each(told, []), each(told, alone))]
        print(f"ratio {ratios[0]} with the orders, {ratios[1]} without")
    else:
        print("fastapi: not installed; pip install fastapi uvicorn uvloop httptools")


if __name__ == "__main__":
    main()

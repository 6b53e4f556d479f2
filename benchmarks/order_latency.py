"""How long one signed order takes, and how soon its bytes are out: the stock connector against ours.

    python benchmarks/order_latency.py [--orders 2000]

A server in a process of its own answers every request with the same order and notes when its first byte came in.
Ways to send the same USD-M order take turns, in shuffled order, over kept-alive loopback connections in one run:

- `connector`: `binance.um_futures.UMFutures.new_order`, as installed
- `UmApi`: the same method over our transport
- `place`: `BinanceFutures.place`, with the answer checked and parsed into an `Order`

`call` is from call to return; `pre-send` from call to the first byte at the server, which is what delays an order on
its way to the market. Times are microseconds; compare the ratios, the times are this machine's. Both processes share
one core where the system allows it, so that waking an idle core is not what is measured; `raw` is the floor then left:
the same bytes over a bare socket, nothing signed and nothing read.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

KEY, SECRET = "k" * 64, "s" * 64
CLIENT_ORDER_ID = "at-bench-000000001"
ANSWER = {
    "orderId": 22542179,
    "symbol": "BTCUSDT",
    "status": "FILLED",
    "clientOrderId": CLIENT_ORDER_ID,
    "price": "42000.10",
    "origQty": "0.014",
    "executedQty": "0.014",
    "cumQty": "0.014",
    "timeInForce": "IOC",
    "type": "LIMIT",
    "reduceOnly": False,
    "closePosition": False,
    "side": "SELL",
    "positionSide": "BOTH",
    "stopPrice": "0",
    "workingType": "CONTRACT_PRICE",
    "priceProtect": False,
    "origType": "LIMIT",
    "priceMatch": "NONE",
    "selfTradePreventionMode": "EXPIRE_MAKER",
    "goodTillDate": 0,
    "updateTime": 1795228389652,
}


def serve() -> None:
    """Answer until stdin closes; `GET /arrivals` tells the monotonic nanoseconds of every order since the last."""
    arrivals: list[int] = []
    order = _answer(json.dumps(ANSWER, separators=(",", ":")).encode())
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def talk(client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := client.recv(65_536):
            at = time.monotonic_ns()
            if data.startswith(b"POST"):
                arrivals.append(at)
                client.sendall(order)
            elif data.startswith(b"GET /arrivals"):
                client.sendall(_answer(json.dumps(arrivals).encode()))
                arrivals.clear()
            else:
                client.sendall(_answer(b'{"serverTime":%d}' % (time.time_ns() // 1_000_000)))

    def accept() -> None:
        while True:
            threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def _answer(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "x-mbx-used-weight-1m: 12\r\nx-mbx-order-count-10s: 3\r\nx-mbx-order-count-1m: 7\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def server() -> Iterator[str]:
    """Run the server in a process of its own; gives its base URL."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait()


def raw(url: str) -> Callable[[], object]:
    """Send an order's worth of bytes over a bare socket."""
    host, port = url.removeprefix("http://").split(":")
    bare = socket.create_connection((host, int(port)))
    bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    query = "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=IOC&quantity=0.014&price=42000.10"
    request = (
        f"POST /fapi/v1/order?{query}&newClientOrderId={CLIENT_ORDER_ID}&newOrderRespType=RESULT&recvWindow=3000"
        f"&timestamp=1795228389652&signature={'0' * 64} HTTP/1.1\r\n"
        f"Host: {host}:{port}\r\nX-MBX-APIKEY: {KEY}\r\nContent-Length: 0\r\n\r\n"
    ).encode()

    def send() -> bytes:
        bare.sendall(request)
        return bare.recv(65_536)

    return send


def ways(url: str) -> dict[str, Callable[[], object]]:
    """Make the ways to send the order."""
    from binance.um_futures import UMFutures

    from atapi.domain.instruments import Market
    from atapi.domain.orders import OrderRequest, OrderType, Side, TimeInForce
    from atapi.exchanges.binance.networks import Endpoints
    from atapi.exchanges.binance.venue import connect

    words = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "0.014",
        "price": "42000.10",
        "newClientOrderId": CLIENT_ORDER_ID,
        "newOrderRespType": "RESULT",
        "recvWindow": 3000,
    }
    request = OrderRequest(
        market=Market.UM,
        symbol="BTCUSDT",
        side=Side.SELL,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.IOC,
        quantity=Decimal("0.014"),
        price=Decimal("42000.10"),
        client_order_id=CLIENT_ORDER_ID,
    )
    stock = UMFutures(KEY, SECRET, base_url=url)
    futures = connect(Endpoints(url, url, url), KEY, SECRET).futures
    return {
        "connector": lambda: stock.new_order(**words),
        "UmApi": lambda: futures.api.new_order(**words),
        "place": lambda: futures.place(request),
        "raw": raw(url),
    }


def measure(orders: int) -> dict[str, tuple[list[float], list[float]]]:
    """Send the order in turns; gives call times and pre-send times in microseconds by way."""
    import requests

    with server() as url:
        sends = ways(url)
        for send in sends.values():
            for _ in range(50):
                send()
        requests.get(f"{url}/arrivals", timeout=10)
        calls: list[tuple[str, int, int]] = []
        turns = random.Random(7)
        for _ in range(orders):
            for name in turns.sample(list(sends), len(sends)):
                send = sends[name]
                started = time.monotonic_ns()
                send()
                calls.append((name, started, time.monotonic_ns()))
        arrivals = requests.get(f"{url}/arrivals", timeout=10).json()
    assert len(arrivals) == len(calls), "an order was sent twice, or not at all"
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in sends}
    for (name, started, ended), arrived in zip(calls, arrivals, strict=True):
        times[name][0].append((ended - started) / 1000)
        times[name][1].append((arrived - started) / 1000)
    return times


def report(times: dict[str, tuple[list[float], list[float]]]) -> None:
    """Print medians, 99th percentiles and how many times quicker than the connector."""
    columns = ("way", "call p50", "p99", "ratio", "pre-send p50", "p99", "ratio")
    print("{:<10} {:>9} {:>9} {:>7} {:>13} {:>9} {:>7}".format(*columns))
    base = [statistics.median(values) for values in times["connector"]]
    for name, pair in times.items():
        row = ""
        for values, stock, width in zip(pair, base, (9, 13), strict=True):
            median = statistics.median(values)
            row += f" {median:>{width}.1f} {statistics.quantiles(values, n=100)[98]:>9.1f} {stock / median:>6.1f}x"
        print(f"{name:<10}{row}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=2000, help="orders a way (default 2000)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    report(measure(options.orders))


if __name__ == "__main__":
    main()

"""How many signed orders a second the embedded exchange books, against an empty FastAPI route in the same run.

    python -m benchmarks.exchange [--connections 16] [--seconds 3] [--rounds 3]

One server process each: ours with its file on disk, as `paper serve` runs it (limits told, not refused); the peer is
uvicorn with a route that answers a constant. This process is the client of both: every connection sends its next
request when the one before is answered. Ours are signed LIMIT and MARKET orders of an account a connection, matched
with the crowd and booked durably before they are answered; one request in ten cancels an order that rests. They take
turns, and the medians of the rounds are shown.

The peer wants `pip install fastapi uvicorn uvloop httptools`; without it its line is left out. Ours uses uvloop
where it is installed. Times are this machine's; compare the ratio.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import importlib.metadata
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.crowds import Tally, talk
from benchmarks.servers import processor_time, serve_app, started

MODULE = "benchmarks.exchange"
PACKAGES = ("uvloop", "httptools", "fastapi", "uvicorn", "pydantic")
PATHS = {"um": "/fapi/v1/order", "spot": "/api/v3/order"}
SIZE = "0.002"
FUNDS = Decimal(10_000_000)
CYCLE = (  # side, type, how far beyond the price (fraction), or a cancel of the order before
    ("BUY", "LIMIT", 0.004),
    ("SELL", "MARKET", 0.0),
    ("SELL", "LIMIT", -0.004),
    ("BUY", "MARKET", 0.0),
    ("BUY", "LIMIT", -0.01),  # rests
    ("CANCEL", "", 0.0),
    ("SELL", "LIMIT", -0.004),
    ("BUY", "MARKET", 0.0),
    ("BUY", "LIMIT", 0.004),
    ("SELL", "MARKET", 0.0),
)


# --- servers ----------------------------------------------------------------------------------------------------
def serve(accounts: int) -> None:
    """Run the exchange until stdin closes; prints ports and keys as JSON."""
    import asyncio

    from atapi.paper import loop
    from atapi.paper.feeds.synthetic import SyntheticFeed
    from atapi.paper.runner import running
    from atapi.paper.world import World

    async def run(folder: Path) -> None:
        world = World(folder, SyntheticFeed(7), None)
        keys = []
        for number in range(accounts):
            account = world.exchange.create_account(f"trader {number}")
            world.exchange.set_bnb_burn(account.account, spot=False, um=False)
            for wallet, asset in (("um", "USDT"), ("spot", "USDT"), ("spot", "BTC")):
                world.exchange.deposit(account.account, wallet, asset, FUNDS)
            keys.append((account.api_key, account.api_secret))
        async with running(world, folder, enforce_limits=False) as (_, endpoint):
            ports = [int(url.rpartition(":")[2]) for url in (endpoint.spot_url, endpoint.um_url)]
            print(json.dumps({"spot": ports[0], "um": ports[1], "keys": keys}), flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        world.close()

    with tempfile.TemporaryDirectory() as folder:
        loop.run(run(Path(folder)))


def serve_peer() -> None:
    """Run uvicorn on a free port until stdin closes; prints the port."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/constant")
    async def constant() -> dict[str, str]:
        return {"status": "NEW"}

    serve_app(app)


# --- requests ---------------------------------------------------------------------------------------------------
def script(market: str, port: int, key: str, secret: str, name: str, price: float) -> list[bytes]:
    """Sign one connection's requests; they stay valid for a minute."""
    now = time.time_ns() // 1_000_000
    name = f"{name}-{now}"  # what an earlier turn left resting keeps its id
    requests = []
    for number, (side, kind, beyond) in enumerate(CYCLE):
        if side == "CANCEL":
            method, query = "DELETE", f"symbol=BTCUSDT&origClientOrderId={name}-{number - 1}"
        else:
            method = "POST"
            query = f"symbol=BTCUSDT&side={side}&type={kind}&quantity={SIZE}&newClientOrderId={name}-{number}"
            if kind == "LIMIT":
                query += f"&timeInForce=GTC&price={price * (1 + beyond):.1f}"
            query += "&newOrderRespType=RESULT"
        query += f"&recvWindow=60000&timestamp={now}"
        signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        requests.append(
            f"{method} {PATHS[market]}?{query}&signature={signature} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{port}\r\nX-MBX-APIKEY: {key}\r\n\r\n".encode()
        )
    return requests


def price_of(port: int, market: str) -> float:
    """Ask for the last price."""
    path = "/fapi/v2/ticker/price" if market == "um" else "/api/v3/ticker/price"
    with urlopen(f"http://127.0.0.1:{port}{path}?symbol=BTCUSDT", timeout=10) as answer:
        return float(json.loads(answer.read())["price"])


def orders(server: dict[str, Any], market: str, seconds: float) -> Tally:
    """Trade for so long."""
    port = server[market]
    keys, price = server["keys"], price_of(port, market)
    scripts = [
        script(market, port, key, secret, f"c{number}", price) for number, (key, secret) in enumerate(keys)
    ]
    return measured(server, port, scripts, seconds)


def constants(peer: dict[str, Any], connections: int, seconds: float) -> Tally:
    """Ask for a constant for so long."""
    port = peer["port"]
    request = f"GET /constant HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    return measured(peer, port, [[request]] * connections, seconds)


def measured(server: dict[str, Any], port: int, scripts: list[list[bytes]], seconds: float) -> Tally:
    """Talk, and note what processor time that took the server."""
    before = processor_time(server["pid"])
    tally = talk(port, scripts, seconds)
    tally.processor = processor_time(server["pid"]) - before
    return tally


# --- report -----------------------------------------------------------------------------------------------------
def versions() -> str:
    """Tell which of the packages that matter are installed."""
    found = [f"python {sys.version.split()[0]}"]
    for package in PACKAGES:
        if importlib.util.find_spec(package):
            found.append(f"{package} {importlib.metadata.version(package)}")
    return ", ".join(found)


def median(tallies: list[Tally]) -> tuple[float, float, float, float, float]:
    """Medians of the rounds: rate, booked orders a second, p50 and p99, processor time an answer in microseconds."""
    return (
        statistics.median(tally.rate for tally in tallies),
        statistics.median(tally.orders / tally.seconds for tally in tallies),
        statistics.median(tally.percentile(50) for tally in tallies),
        statistics.median(tally.percentile(99) for tally in tallies),
        statistics.median(tally.processor / len(tally.latencies) * 1e6 for tally in tallies),
    )


def report(rounds: dict[str, list[Tally]]) -> None:
    """Print one line a way."""
    print(
        f"{'what':<14} {'answers/s':>10} {'orders/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'p99/p50':>8} {'cpu us':>7} {'ratio':>6}"
    )
    base = median(rounds["fastapi"])[0] if rounds.get("fastapi") else None
    for name, tallies in rounds.items():
        rate, booked, p50, p99, processor = median(tallies)
        ratio = f"{(booked or rate) / base:.2f}x" if base else "-"
        shown = f"{booked:.0f}" if booked else "-"
        print(
            f"{name:<14} {rate:>10.0f} {shown:>9} {p50:>8.2f} {p99:>8.2f} {p99 / p50:>8.1f} {processor:>7.0f} {ratio:>6}"
        )
        refused = {
            status: count for tally in tallies for status, count in tally.statuses.items() if status != b"200"
        }
        if refused:
            print(f"  not 200: {refused}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0, help="a turn (default 3)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("um", "spot", "fastapi"), help="one of the ways")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve-peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.connections)
        return
    if options.serve_peer:
        serve_peer()
        return
    print(versions())
    ways = [options.only] if options.only else ["um", "spot", "fastapi"]
    if "fastapi" in ways and not (
        importlib.util.find_spec("fastapi") and importlib.util.find_spec("uvicorn")
    ):
        print("fastapi: not installed; pip install fastapi uvicorn uvloop httptools")
        ways.remove("fastapi")
    rounds: dict[str, list[Tally]] = {way: [] for way in ways}
    with ExitStack() as stack:
        ours = stack.enter_context(started(MODULE, "--serve", "--connections", str(options.connections)))
        peer = stack.enter_context(started(MODULE, "--serve-peer")) if "fastapi" in ways else {}
        for way in ways * (options.rounds + 1):  # the first of each warms up
            if way == "fastapi":
                rounds[way].append(constants(peer, options.connections, options.seconds))
            else:
                rounds[way].append(orders(ours, way, options.seconds))
    report({way: tallies[1:] for way, tallies in rounds.items()})


if __name__ == "__main__":
    main()

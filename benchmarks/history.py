"""How long a request for 1 500 candles takes over HTTP, once the days it covers are generated.

    python -m benchmarks.history [--rounds 40]

The first request of each interval makes its days up and is told apart. Milliseconds of one client on a kept-alive
connection, body read to the end, and of the server's processor, which other programs disturb less. The peer is a FastAPI route on uvicorn that has the same rows ready and only has to
print them (`pip install fastapi uvicorn uvloop httptools`; left out where it is missing): a ratio below one is faster.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.servers import processor_time, serve_app, started

INTERVALS = ("1m", "5m", "15m", "1h", "4h", "1d", "1w")
PATHS = {"um": "/fapi/v1/klines", "spot": "/api/v3/klines"}
LIMITS = {"um": 1500, "spot": 1000}  # as many as Binance gives at once
MODULE = "benchmarks.history"


def serve_peer(file: Path) -> None:
    """Run uvicorn on a free port until stdin closes; prints the port. Its rows are those of the file when asked to load."""
    from fastapi import FastAPI

    app = FastAPI()
    kept: dict[str, list[Any]] = {}

    @app.get("/load")
    def load() -> None:
        kept["rows"] = json.loads(file.read_bytes())

    @app.get("/rows")
    async def rows() -> list[Any]:
        return kept["rows"]

    serve_app(app, timeout_keep_alive=600)


def timed(
    connection: http.client.HTTPConnection, pid: int, target: str, rounds: int
) -> tuple[bytes, list[float], float]:
    """Ask so often; gives the last body, milliseconds of each, and of the processor for one."""
    times, body, before = [], b"", processor_time(pid)
    for _ in range(rounds):
        began = time.perf_counter()
        connection.request("GET", target)
        body = connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1000)
    return body, times, (processor_time(pid) - before) / rounds * 1000


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--serve-peer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_peer:
        serve_peer(options.serve_peer)
        return
    with ExitStack() as stack:
        server = stack.enter_context(started("benchmarks.exchange", "--serve", "--connections", "1"))
        file, peer = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "rows.json", None
        if importlib.util.find_spec("fastapi") and importlib.util.find_spec("uvicorn"):
            peer = stack.enter_context(started(MODULE, "--serve-peer", str(file)))
            ready = http.client.HTTPConnection("127.0.0.1", peer["port"], timeout=60)
            stack.callback(ready.close)
        print(
            f"{'market':<6} {'interval':<8} {'rows':>5} {'first ms':>9} {'p50 ms':>7} {'worst ms':>8} {'cpu ms':>7}"
            f" {'peer p50':>8} {'peer cpu':>8} {'ratio':>6}"
        )
        for market, path in PATHS.items():
            connection = http.client.HTTPConnection("127.0.0.1", server[market], timeout=60)
            stack.callback(connection.close)
            for interval in INTERVALS:
                target = f"{path}?symbol=BTCUSDT&interval={interval}&limit={LIMITS[market]}"
                _, [first], _ = timed(connection, server["pid"], target, 1)
                body, times, ours = timed(connection, server["pid"], target, options.rounds)
                told = f"{statistics.median(times):>7.1f} {max(times):>8.1f} {ours:>7.1f}"
                if peer is not None:
                    file.write_bytes(body)
                    timed(ready, peer["pid"], "/load", 1)
                    shown, times, theirs = timed(ready, peer["pid"], "/rows", options.rounds)
                    assert json.loads(shown) == json.loads(body)
                    ratio = f"{ours / theirs:.2f}" if theirs else "-"  # a tick of the clock is 10 ms
                    told += f" {statistics.median(times):>8.1f} {theirs:>8.1f} {ratio:>6}"
                print(f"{market:<6} {interval:<8} {body.count(b'[') - 1:>5} {first:>9.1f} {told}", flush=True)


if __name__ == "__main__":
    main()

"""How long a request for 1 500 candles takes over HTTP, once the days it covers are generated.

    python -m benchmarks.history [--rounds 20]

The first request of each interval makes its days up and is told apart. Milliseconds of one client on a kept-alive
connection, body read to the end.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import time

from benchmarks.servers import started

INTERVALS = ("1m", "5m", "15m", "1h", "4h", "1d", "1w")
PATHS = {"um": "/fapi/v1/klines", "spot": "/api/v3/klines"}
LIMITS = {"um": 1500, "spot": 1000}  # as many as Binance gives at once


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    print(f"{'market':<6} {'interval':<8} {'rows':>5} {'first ms':>9} {'p50 ms':>7} {'worst ms':>8}")
    with started("benchmarks.exchange", "--serve", "--connections", "1") as server:
        for market, path in PATHS.items():
            connection = http.client.HTTPConnection("127.0.0.1", server[market], timeout=60)
            for interval in INTERVALS:
                target = f"{path}?symbol=BTCUSDT&interval={interval}&limit={LIMITS[market]}"
                times = []
                for _ in range(options.rounds + 1):
                    began = time.perf_counter()
                    connection.request("GET", target)
                    body = connection.getresponse().read()
                    times.append((time.perf_counter() - began) * 1000)
                first, *rest = times
                rows = body.count(b"[") - 1
                shown = f"{first:>9.1f} {statistics.median(rest):>7.1f} {max(rest):>8.1f}"
                print(f"{market:<6} {interval:<8} {rows:>5} {shown}")
            connection.close()


if __name__ == "__main__":
    main()

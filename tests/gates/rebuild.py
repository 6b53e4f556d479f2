"""The book that a client rebuilds by Binance's published rule equals the exchange's own, level by level.

    python -m tests.gates.rebuild                        what CI runs: 100 000 updates on spot and on USD-M each
    python -m tests.gates.rebuild --updates 1000000

Three accounts a market send signed orders, cancels, amendments and modifications, pipelined over HTTP; the crowd quotes
anew as the clock is moved. Followers of every speed take their snapshot after their first event; every tenth part of
the way, and at the end, each has to hold the same levels as REST shows under the same update id.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.gates.follower import SNAPSHOT, Follower
from tests.gates.pipeline import Ask, Pipeline
from tests.gates.served import Served

SYMBOL = "BTCUSDT"
STILL = "2026-01-01T00:00:00"
STREAMS = {
    "spot": ("btcusdt@depth@100ms", "btcusdt@depth"),
    "um": ("btcusdt@depth@100ms", "btcusdt@depth@500ms", "btcusdt@depth"),
}
ORDER = {"spot": "/api/v3/order", "um": "/fapi/v1/order"}
PRICE = {"spot": "/api/v3/ticker/price", "um": "/fapi/v1/ticker/price"}
ACCOUNTS = 3
BATCH = 40  # requests sent at once, at most
MOST_OPEN = 120  # orders of an account
CHANGED = ("NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED")
PATIENCE_S = 5.0


class Sender:
    """One account's orders in one market."""

    def __init__(self, market: str, served: Served, name: str, dice: random.Random) -> None:
        made = served.admin("accounts", name=name, funded=True)
        for wallet, asset, amount in (("spot", "USDT", "50000000"), ("spot", "BTC", "500"), ("um", "USDT", "50000000")):  # fmt: skip
            served.admin("deposit", account=name, wallet=wallet, asset=asset, amount=amount)
        self._market = market
        self._line = Pipeline(served.told[market], made["key"], made["secret"])
        self._name = name
        self._dice = dice
        self._count = 0
        self._open: dict[str, tuple[str, Decimal]] = {}  # client id -> side, quantity
        self.close = self._line.close

    def send(self, price: Decimal, now_ms: int) -> int:
        """Send a batch; gives how many of its requests changed the book."""
        asks = [self._ask(price) for _ in range(self._dice.randint(1, BATCH))]
        changed = 0
        for ask, (status, answer) in zip(asks, self._line.all(asks, now_ms), strict=True):
            client_id = ask.params.get("newClientOrderId") or ask.params["origClientOrderId"]
            if status != 200:
                if ask.method == "DELETE":
                    self._open.pop(client_id, None)
                continue
            if ask.method == "PUT":
                changed += 1
                continue
            changed += answer["status"] in CHANGED
            if answer["status"] in ("NEW", "PARTIALLY_FILLED"):
                self._open[client_id] = (ask.params["side"], Decimal(ask.params["quantity"]))
            else:
                self._open.pop(client_id, None)
        return changed

    def _ask(self, price: Decimal) -> Ask:
        dice, path = self._dice, ORDER[self._market]
        what = dice.random()
        if self._open and (what < 0.35 or len(self._open) > MOST_OPEN):
            client_id = dice.choice(list(self._open))
            del self._open[client_id]
            return Ask("DELETE", path, {"symbol": SYMBOL, "origClientOrderId": client_id})
        if self._open and what < 0.45:
            return self._change(price)
        self._count += 1
        order: dict[str, Any] = {
            "symbol": SYMBOL,
            "side": dice.choice(("BUY", "SELL")),
            "quantity": Decimal(dice.randint(2, 400)).scaleb(-3),
            "newClientOrderId": f"{self._name}-{self._count}",
            "newOrderRespType": "RESULT",
        }
        if what < 0.53:
            return Ask("POST", path, order | {"type": "MARKET"})
        order |= {"type": "LIMIT", "timeInForce": "GTC", "price": self._near(price, order["side"])}
        return Ask("POST", path, order)

    def _change(self, price: Decimal) -> Ask:
        client_id = self._dice.choice(list(self._open))
        side, quantity = self._open[client_id]
        known = {"symbol": SYMBOL, "origClientOrderId": client_id}
        if self._market == "um":
            change = {"side": side, "quantity": quantity, "price": self._near(price, side)}
            return Ask("PUT", ORDER["um"], known | change)
        less = max(quantity / 2, Decimal("0.001")).quantize(Decimal("0.001"))
        self._open[client_id] = (side, less)
        return Ask(
            "PUT", "/api/v3/order/amend/keepPriority", known | {"newClientOrderId": client_id, "newQty": less}
        )

    def _near(self, price: Decimal, side: str) -> Decimal:
        away = self._dice.randint(-30, 600) * (-1 if side == "BUY" else 1)  # tenths of a basis point
        return (price * (100_000 + away) / 100_000).quantize(Decimal("0.1"))


def run(served: Served, market: str, updates: int, seed: int) -> str:
    """Send until the book was updated so often; gives what was seen."""
    dice = random.Random(seed)
    with ExitStack() as open_ones:
        senders = [Sender(market, served, f"{market}{n}", dice) for n in range(ACCOUNTS)]
        followers = [Follower(market, served.told[market], SYMBOL, name) for name in STREAMS[market]]
        for close in (*(each.close for each in senders), *(each.close for each in followers)):
            open_ones.callback(close)
        line = served.line(market)
        open_ones.callback(line.close)
        done = compared = 0
        part = max(1, updates // 10)
        while done < updates:
            until = min(updates, done + part)
            while done < until:
                price = Decimal(line.get(PRICE[market], symbol=SYMBOL)["price"])
                now_ms = line.get(SNAPSHOT[market][0].replace("depth", "time"))["serverTime"]
                for sender in senders:
                    done += sender.send(price, now_ms)
                served.admin("advance", span_ms=dice.choice((100, 100, 100, 1000)))
            compared += compare(served, market, followers)
        rows = ", ".join(f"{each.name}: {each.events} events, {each.rows} levels" for each in followers)
        return f"{done} updates, {compared} levels compared; {rows}"


def compare(served: Served, market: str, followers: list[Follower]) -> int:
    """Hold every follower against REST; gives how many levels that were."""
    line, (path, limit) = served.line(market), SNAPSHOT[market]
    for _ in range(20):
        own = line.get(path, symbol=SYMBOL, limit=limit)
        if all(each.reaches(own["lastUpdateId"], PATIENCE_S) for each in followers):
            break
        served.admin("advance", span_ms=1000)  # what a standing clock holds back goes out with it
    line.close()
    bids, asks = ({Decimal(p): Decimal(q) for p, q in own[side]} for side in ("bids", "asks"))
    for each in followers:
        assert each.wrong is None, f"{each.name}: {each.wrong}"
        assert each.last == own["lastUpdateId"], f"{each.name}: {each.last}, REST {own['lastUpdateId']}"
        assert (each.bids, each.asks) == (bids, asks), f"{each.name} holds another book than REST"
    assert max(bids) < min(asks), "the book is crossed"
    return len(followers) * (len(bids) + len(asks))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--updates", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="atapi-rebuild-") as folder:
        served = Served(Path(folder), STILL)
        served.start()
        try:
            for market in STREAMS:
                began = time.monotonic()
                said = run(served, market, options.updates, options.seed)
                print(f"rebuilt book, {market}: {said}; {time.monotonic() - began:.0f} s", flush=True)
        finally:
            served.kill()


if __name__ == "__main__":
    main()

"""Judges a trading session by what the exchange recorded, the exit codes and the printed text, and by nothing else.

    python -m tests.execution.checker --url http://127.0.0.1:8100 --um-url http://127.0.0.1:8101 \
        --key KEY --secret SECRET --run session.json
    python -m tests.execution.checker --history history.json --run session.json

A program of its own: it imports nothing of atapi and speaks plain signed HTTP, so that a mistake of the order path
cannot hide in its judge. `session.json` is a list of runs, oldest first:

    {"line": "open-spread BTCUSDT 1000usdt", "code": 0, "out": "...", "err": "...",
     "held": {...},                    optional: `held` of the history as it was right after the run
     "requests": [[seconds, market]],  optional: when a request of it reached the network
     "pauses": [[market, from, until]] optional: when it had been told to send nothing}

A history is what `collect` reads, or a simulated exchange's record in the same form; numbers are text or Decimal:

    {"orders": [{market symbol orderId clientOrderId side origQty executedQty status reduceOnly time updateTime}],
     "trades": [{market symbol orderId id side qty commission commissionAsset time}],
     "positions": {perpetual: amount}, "balances": {asset: amount}, "before": {asset: amount},
     "interest": [{asset interest}],   optional: charged on borrowed coins
     "pairs": {perpetual: {"spot": symbol, "base": asset, "multiplier": n, "step": coarser lot in base asset}},
     "by_hand": [client order id of an order the session did not make],
     "doubled": [client order id of an order that the network delivered twice]}
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import http.client
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

Json = Mapping[str, Any]
D = Decimal

SPOT_MARKETS = ("spot", "margin")  # whose orders trade coins
CODES = {0, 1, 2, 3, 4, 5, 6, 130}
UNCHANGED = {2, 4, 5, 6}  # exit codes of which the meaning is that nothing was executed
FINAL = {"FILLED", "CANCELED", "EXPIRED", "REJECTED", "EXPIRED_IN_MATCH"}
EXCHANGE_MADE = ("autoclose-", "adl_autoclose", "settlement_autoclose-")
MENDS = {
    "spreads",
    "close-spread",
    "hedge",
    "order",
    "orders",
    "cancel",
    "flatten",
    "buy",
    "sell",
    "reconcile",
    "repay",
}
SINGLE = "o"  # the leg of an order that belongs to no spread

SINGLE = "o"  # the leg of an order that belongs to no spread
_ID = re.compile(r"at-([a-z2-7]{4})-([a-z2-7]{13})([a-z])([1-9][0-9]?)", re.ASCII)
_ORDER = re.compile(r"no answer for orders? \S+.* may be live")
_QUANTITY = re.compile(r"(?:[+-]|\b(?:short|long|buy|sell|BUY|SELL) )[0-9]+(?:\.[0-9]+)?\b")


class Name(NamedTuple):
    """What a client order id says: whose journal, which intent, leg and attempt."""

    instance: str
    intent: str
    leg: str
    attempt: int


class Held(NamedTuple):
    """One pair as the exchange has it."""

    coins: Decimal  # since the session began, net of fees taken in coins and interest owed in them
    perpetual: Decimal  # in coins
    executed: int  # orders of which something was

    @property
    def net(self) -> Decimal:
        """What is not hedged."""
        return self.coins + self.perpetual


def judge(history: Json, runs: Sequence[Json]) -> list[str]:
    """List everything that is wrong with a session; empty where it kept every promise."""
    return [
        *_ids(history),
        *_attempts(history),
        *_never_crossed(history),
        *_conserved(history),
        *_ended(history, runs),
        *(wrong for run in runs for wrong in _told(run)),
        *(wrong for run in runs for wrong in _inside_pauses(run)),
        *_steps(history, runs),
        *_shown(history, runs),
    ]


def held(history: Json) -> dict[str, Held]:
    """Sum the trades of each pair, by its perpetual."""
    found = {}
    for symbol, pair in history["pairs"].items():
        coins, perpetual = D(0), D(0)
        for trade in history["trades"]:
            signed = _signed(trade)
            if trade["market"] == "um" and trade["symbol"] == symbol:
                perpetual += signed * D(pair["multiplier"])
            elif trade["market"] in SPOT_MARKETS and trade["symbol"] == pair["spot"]:
                fee = D(trade["commission"]) if trade["commissionAsset"] == pair["base"] else D(0)
                coins += signed - fee
        coins -= sum(
            (D(r["interest"]) for r in history.get("interest", ()) if r["asset"] == pair["base"]), D(0)
        )
        names = ((symbol, ("um",)), (pair["spot"], SPOT_MARKETS))
        executed = sum(
            1
            for order in history["orders"]
            for name, markets in names
            if order["symbol"] == name and order["market"] in markets and D(order["executedQty"])
        )
        found[symbol] = Held(coins, perpetual, executed)
    return found


# --- the exchange's record alone --------------------------------------------------------------------------------


def _ids(history: Json) -> Iterator[str]:
    """No client order id twice, at most one order per attempt, none that is not ours."""
    seen: dict[str, str] = {}  # client order id -> order id
    by_hand, doubled = set(history.get("by_hand", ())), set(history.get("doubled", ()))
    for order in history["orders"]:
        text = order["clientOrderId"]
        if text in by_hand or text.startswith(EXCHANGE_MADE):
            continue
        if _ID.fullmatch(text) is None:
            yield f"order {order['orderId']} has an id that is not of our form: {text}"
        if text in seen and text not in doubled:
            yield f"{text} was accepted twice: orders {seen[text]} and {order['orderId']}"
        seen[text] = order["orderId"]


def _attempts(history: Json) -> Iterator[str]:
    """No attempt at a leg while the one before it could still execute."""
    legs: dict[tuple[str, str, str], list[tuple[int, Json]]] = defaultdict(list)
    for order in history["orders"]:
        if (match := _ID.fullmatch(order["clientOrderId"])) is not None:
            name = Name(match[1], match[2], match[3], int(match[4]))
            legs[name[:3]].append((name.attempt, order))
    for attempts in legs.values():
        in_order = sorted(attempts, key=lambda attempt: attempt[0])
        for (_, earlier), (_, later) in pairwise(in_order):
            if earlier["status"] not in FINAL or D(earlier["updateTime"]) > D(later["time"]):
                yield f"{later['clientOrderId']} came while {earlier['clientOrderId']} was open"


def _never_crossed(history: Json) -> Iterator[str]:
    """A perpetual keeps its sign: what takes it back is reduce-only."""
    standing: dict[str, Decimal] = defaultdict(D)
    signs: dict[str, Decimal] = {}
    perpetuals = (t for t in history["trades"] if t["market"] == "um")
    for trade in sorted(perpetuals, key=lambda trade: (D(trade["time"]), int(trade["id"]))):
        symbol = trade["symbol"]
        standing[symbol] += _signed(trade)
        sign = standing[symbol].compare(D(0))
        if sign and signs.setdefault(symbol, sign) != sign:
            yield f"the perpetual of {symbol} changed sign at trade {trade['id']}"
        if not sign:
            signs.pop(symbol, None)


def _conserved(history: Json) -> Iterator[str]:
    """What the account has is what it traded."""
    for symbol, (pair, has) in _pairs(history).items():
        position = D(history["positions"].get(symbol, 0)) * D(pair["multiplier"])
        if position != has.perpetual:
            yield f"{symbol} stands at {position}, its trades sum to {has.perpetual}"
        base = pair["base"]
        change = D(history["balances"].get(base, 0)) - D(history["before"].get(base, 0))
        if change != has.coins:
            yield f"{base} changed by {change}, its trades sum to {has.coins}"


# --- the record against what was said ---------------------------------------------------------------------------


def _ended(history: Json, runs: Sequence[Json]) -> Iterator[str]:
    """Hedged to one coarse step, or said with exit code 3."""
    for symbol, (pair, has) in _pairs(history).items():
        if abs(has.net) <= D(pair["step"]):
            continue
        said = [run for run in runs if run["code"] == 3 and pair["base"] in run["err"]]
        if not said:
            yield f"{symbol} is off by {has.net} {pair['base']} and nobody was told"


def _told(run: Json) -> Iterator[str]:
    """Exit codes are the documented ones; 3 comes with what is exposed and what mends it; never a traceback."""
    code, said, line = run["code"], run["err"], run["line"]
    if code < 0:
        return  # killed: nothing was promised
    if code not in CODES:
        yield f"{line}: exit code {code}"
    if "Traceback (most recent call last)" in said + run["out"]:
        yield f"{line}: a traceback"
    if code not in (0, 130) and "error: " not in said:
        yield f"{line}: exit code {code} and not a word why"
    if code == 3:
        errors = [text for text in said.splitlines() if text.startswith("error: ")]
        hints = re.findall(r"hint: ([a-z-]+)", said)
        if not any(_QUANTITY.search(text) or _ORDER.search(text) for text in errors):
            yield f"{line}: exit code 3 without a signed quantity or an order: {errors}"
        if not any(hint in MENDS for hint in hints):
            yield f"{line}: exit code 3 without a command that mends it: {hints}"


def _inside_pauses(run: Json) -> Iterator[str]:
    """A process that was told to wait sends nothing meanwhile to the host that told it."""
    for market, start, end in run.get("pauses", ()):
        inside = [at for at, host in run.get("requests", ()) if host == market and start < at < end]
        if inside:
            yield f"{run['line']}: {len(inside)} requests to {market} inside a pause of {end - start:.1f} s"


def _steps(history: Json, runs: Sequence[Json]) -> Iterator[str]:
    """Each exit code says what the exchange shows right after it."""
    last = {symbol: Held(D(0), D(0), 0) for symbol in history["pairs"]}
    for run in runs:
        now = {symbol: Held(*map(D, row[:2]), row[2]) for symbol, row in run.get("held", {}).items()}
        for symbol, has in now.items():
            step = D(history["pairs"][symbol]["step"])
            yield from _step(run, symbol, step, last[symbol], has)
        last |= now


def _step(run: Json, symbol: str, step: Decimal, before: Held, after: Held) -> Iterator[str]:
    code, line = run["code"], run["line"]
    words = line.split()
    if code in (0, 1, 130) and abs(after.net) > step and abs(after.net) > abs(before.net):
        yield f"{line}: exit code {code}, but {symbol} is off by {after.net}"
    if code in UNCHANGED and after.executed != before.executed:
        yield f"{line}: exit code {code}, but {after.executed - before.executed} orders were executed"
    if code != 0 or symbol not in words or "--dry-run" in words:
        return
    if words[0] == "open-spread" and abs(after.perpetual) <= abs(before.perpetual):
        yield f"{line}: exit code 0, but nothing was opened"
    if words[0] == "close-spread" and abs(after.perpetual) >= abs(before.perpetual):
        yield f"{line}: exit code 0, but nothing was closed"


def _shown(history: Json, runs: Sequence[Json]) -> Iterator[str]:
    """What `spreads --all --json` prints last is what the exchange holds."""
    shown = [
        r for r in runs if r["line"].startswith("spreads --all") and "--json" in r["line"] and r["code"] == 0
    ]
    if not shown:
        return
    rows = json.loads(shown[-1]["out"] or "[]", parse_float=D, parse_int=D)
    names = [order["clientOrderId"] for order in history["orders"]]
    for symbol, (_, has) in _pairs(history).items():
        ours = [row for row in rows if row["symbol"] == symbol]
        for row in ours:
            if (row["state"] == "FLAT") != (row["qty"] == 0):
                yield f"spread {row['id']} is shown {row['state']} with {row['qty']}"
        exposed = any(row["state"] == "EXPOSED" for row in ours)
        total = sum((row["qty"] for row in ours), D(0))
        if total != abs(has.perpetual) and not exposed:
            yield f"{symbol}: spreads show {total}, the exchange has {has.perpetual}"
        alone = any(match[3] == SINGLE for match in map(_ID.fullmatch, names) if match)
        if sum((row["delta"] for row in ours), D(0)) != has.net and not exposed and not alone:
            yield f"{symbol}: spreads show another delta than the exchange's {has.net}"


def _pairs(history: Json) -> dict[str, tuple[Json, Held]]:
    return {symbol: (history["pairs"][symbol], has) for symbol, has in held(history).items()}


def _signed(trade: Json) -> Decimal:
    return D(trade["qty"]) * (1 if trade["side"] == "BUY" else -1)


# --- reading it from an exchange --------------------------------------------------------------------------------


class Wire:
    """Signed reads of one port."""

    def __init__(self, url: str, key: str, secret: str, clock: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        self._key = key
        self._secret = secret.encode()
        self._clock = clock

    def get(self, path: str, **params: str) -> Any:
        """Ask a public endpoint."""
        return self._ask(f"{path}?{urlencode(params)}", {})

    def signed(self, path: str, **params: str) -> Any:
        """Ask an endpoint of the account."""
        stamp = self.get(self._clock)["serverTime"]
        query = urlencode(params | {"timestamp": stamp, "recvWindow": 60_000})
        signature = hmac.new(self._secret, query.encode(), hashlib.sha256).hexdigest()
        return self._ask(f"{path}?{query}&signature={signature}", {"X-MBX-APIKEY": self._key})

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, target: str, headers: dict[str, str]) -> Any:
        self._connection.request("GET", target, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"GET {target.split('?')[0]}: HTTP {answer.status} {body[:200]!r}")
        return json.loads(body)


def collect(
    url: str,
    um_url: str,
    key: str,
    secret: str,
    *,
    symbols: Sequence[str] = ("BTCUSDT",),
    before: Json | None = None,
    pairs: Json | None = None,
) -> dict[str, Any]:
    """Read an account's whole record.

    Args:
        symbols: Perpetuals to look at.
        before: Balances when the session began; none where None.
        pairs: As an earlier call read them, which spares asking for every rule again.
    """
    spot, um = Wire(url, key, secret, "/api/v3/time"), Wire(um_url, key, secret, "/fapi/v1/time")
    try:
        pairs = pairs or _rules(spot, um, symbols)
        orders, trades = [], []
        for symbol, pair in pairs.items():
            named = {"symbol": pair["spot"]}
            orders += _marked("spot", spot.signed("/api/v3/allOrders", **named, limit="1000"))
            trades += _marked("spot", spot.signed("/api/v3/myTrades", **named, limit="1000"))
            orders += _marked("margin", spot.signed("/sapi/v1/margin/allOrders", **named, limit="500"))
            trades += _marked("margin", spot.signed("/sapi/v1/margin/myTrades", **named, limit="1000"))
            orders += _marked("um", um.signed("/fapi/v1/allOrders", symbol=symbol, limit="1000"))
            trades += _marked("um", um.signed("/fapi/v1/userTrades", symbol=symbol, limit="1000"))
        positions = {row["symbol"]: row["positionAmt"] for row in um.signed("/fapi/v3/positionRisk")}
        return {
            "orders": orders,
            "trades": trades,
            "positions": positions,
            "balances": _coins(spot),
            "interest": spot.signed("/sapi/v1/margin/interestHistory", size="100")["rows"],
            "before": dict(before or {}),
            "pairs": dict(pairs),
        }
    finally:
        spot.close()
        um.close()


def _coins(spot: Wire) -> dict[str, str]:
    held: dict[str, Decimal] = defaultdict(D)
    for row in spot.signed("/api/v3/account", omitZeroBalances="true")["balances"]:
        held[row["asset"]] += D(row["free"]) + D(row["locked"])
    for row in spot.signed("/sapi/v1/margin/account")["userAssets"]:
        held[row["asset"]] += D(row["netAsset"])  # what is owed taken off
    return {asset: str(amount) for asset, amount in held.items()}


def _marked(market: str, rows: Sequence[Json]) -> list[Json]:
    return [{"side": "BUY" if row.get("isBuyer") else "SELL", **row, "market": market} for row in rows]


def _rules(spot: Wire, um: Wire, symbols: Sequence[str]) -> dict[str, Any]:
    rules = {row["symbol"]: row for row in spot.get("/api/v3/exchangeInfo")["symbols"]}
    perpetuals = {row["symbol"]: row for row in um.get("/fapi/v1/exchangeInfo")["symbols"]}
    pairs = {}
    for symbol in symbols:
        multiplied = symbol.startswith("1000") and symbol not in rules
        name, multiplier = (symbol[4:], 1000) if multiplied else (symbol, 1)
        step = max(_lot(rules[name]), _lot(perpetuals[symbol]) * multiplier)
        pairs[symbol] = {
            "spot": name, "base": rules[name]["baseAsset"], "multiplier": str(multiplier), "step": str(step),
        }  # fmt: skip
    return pairs


def _lot(rules: Json) -> Decimal:
    [lot] = [f["stepSize"] for f in rules["filters"] if f["filterType"] == "LOT_SIZE"]
    return D(lot)


def main() -> int:
    """Judge one session; exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="spot, of an exchange that runs")
    parser.add_argument("--um-url", help="its USD-M; the next port where not said")
    parser.add_argument("--key", default="")
    parser.add_argument("--secret", default="")
    parser.add_argument(
        "--symbol", action="append", help="a perpetual that was traded; BTCUSDT where not said"
    )
    parser.add_argument("--history", type=Path, help="a record on file, in place of a running exchange")
    parser.add_argument("--before", type=Path, help="what the account held at first: {asset: amount}")
    parser.add_argument("--run", type=Path, required=True, help="the session: a list of runs, in JSON")
    given = parser.parse_args()
    if given.history is not None:
        history = json.loads(given.history.read_text())
    elif given.url is not None:
        where = urlsplit(given.url)
        um_url = given.um_url or f"http://{where.hostname}:{(where.port or 0) + 1}"
        symbols = given.symbol or ["BTCUSDT"]
        before = json.loads(given.before.read_text()) if given.before else None
        history = collect(given.url, um_url, given.key, given.secret, symbols=symbols, before=before)
    else:
        parser.error("--url or --history")
    wrong = judge(history, json.loads(given.run.read_text()))
    for text in wrong:
        print(text)
    print(
        f"{len(history['orders'])} orders, {len(history['trades'])} trades: {'DISAGREES' if wrong else 'agrees'}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

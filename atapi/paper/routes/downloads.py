"""Downloads of a futures account's history: asked for, then fetched as a file from the address that is told.

Binance makes a file in minutes and packs it; here it is ready at once, plain CSV, for whoever has its address.
"""

from __future__ import annotations

import csv
import hmac
import io
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from atapi.paper.wire.auth import unknown_key
from atapi.paper.wire.call import Call
from atapi.paper.wire.futures import Both, market_of, queried
from atapi.paper.wire.http import Answer
from atapi.paper.wire.params import invalid
from atapi.paper.wire.shapes import cm, um
from atapi.paper.wire.symbols import perpetual_rules

both = Both()
router, cm_router = both.um, both.cm

Json = dict[str, Any]
DAY_MS = 86_400_000
LONGEST_MS = 366 * DAY_MS
LIFE_MS = 7 * DAY_MS
KINDS = ("income", "order", "trade")


def _ask(kind: str) -> Callable[[Call], Json]:
    def ask(call: Call) -> Json:
        """Ask for the history of a span, a year at most."""
        start, end = call.params.integer("startTime"), call.params.integer("endTime")
        if not start <= end <= start + LONGEST_MS:
            raise invalid("endTime")
        assert call.account
        number = f"{KINDS.index(kind) + 1}{start:014d}{end:014d}"
        return {"avgCostTimestampOfLast30d": 0, "downloadId": number}

    return ask


def _tell(kind: str) -> Callable[[Call], Json]:
    def tell(call: Call) -> Json:
        """Tell where the file is."""
        number = call.params.text("downloadId")
        _span(number, kind)
        proof = _proof(call.account, call.owner.api_secret if call.owner else "", number)
        host = call.request.header(b"host")
        path = "/dapi/v1/download" if market_of(call) == "cm" else "/fapi/v1/download"
        return {
            "downloadId": number,
            "status": "completed",
            "url": f"http://{host}{path}?downloadId={number}&account={call.account}&proof={proof}",
            "s3Link": None,
            "notified": False,
            "expirationTimestamp": call.now_ms + LIFE_MS,
            "isExpired": None,
        }

    return tell


def fetch(call: Call) -> Answer:
    """Send the file to whoever has its address."""
    number, account = call.params.text("downloadId"), call.params.text("account")
    proof = call.params.text("proof")
    secret = next((r.api_secret for r in call.exchange.accounts() if r.account == account), None)
    if secret is None or not hmac.compare_digest(proof, _proof(account, secret, number)):
        raise unknown_key()
    rows = _rows(call, account, number)
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Answer(200, text.getvalue().encode(), type="text/csv")


def _rows(call: Call, account: str, number: str) -> Sequence[Json]:
    kind, start, end = _span(number)
    market = market_of(call)
    if kind == "income":
        lines = call.exchange.income(account, market)
        return [um.income(line) for line in lines if start <= line.time_ms <= end]
    if kind == "order":
        orders = call.exchange.orders(account, market, None)
        return [queried(call, order) for order in orders if start <= order.created_ms <= end]
    show = cm.user_trade if market == "cm" else um.user_trade
    trades = call.exchange.trades(account, market, None)
    return [
        show(trade, perpetual_rules(call, market, trade.symbol))
        for trade in trades
        if start <= trade.time_ms <= end
    ]


def _span(number: str, kind: str | None = None) -> tuple[str, int, int]:
    if len(number) != 29 or not number.isdecimal() or not 1 <= int(number[0]) <= len(KINDS):
        raise invalid("downloadId")
    found = KINDS[int(number[0]) - 1]
    if kind not in (None, found):
        raise invalid("downloadId")
    return found, int(number[1:15]), int(number[15:])


def _proof(account: str, secret: str, number: str) -> str:
    return hmac.new(secret.encode(), f"{account} {number}".encode(), sha256).hexdigest()


for _kind in KINDS:
    both.signed("GET", f"{_kind}/asyn", weight=1000)(_ask(_kind))
    both.signed("GET", f"{_kind}/asyn/id", weight=10)(_tell(_kind))
both.um.public("/fapi/v1/download")(fetch)
both.cm.public("/dapi/v1/download")(fetch)

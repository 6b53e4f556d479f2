"""What Binance recorded about an account's balances, whatever the symbol. Implements `RecordSource`.

Futures tell everything in their income, margin in its flows and its interest. Spot and the funding wallet have a list
for each kind of event, and their trades only symbol by symbol, which the spot market answers.
Source: https://developers.binance.com/docs/wallet and https://developers.binance.com/docs/margin_trading
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

from atapi.clock import from_ms
from atapi.domain.account import Wallet
from atapi.domain.records import Record
from atapi.exchanges.binance import parse, parse_records
from atapi.exchanges.binance.futures import BinanceFutures
from atapi.exchanges.binance.margin import BinanceMargin
from atapi.exchanges.binance.paging import windows
from atapi.exchanges.binance.parse_records import NAMES, OUTSIDE
from atapi.exchanges.binance.spot import BinanceSpot

WEEK, QUARTER, HALF_YEAR = timedelta(days=7), timedelta(days=90), timedelta(days=180)
NO_PAIR = frozenset({("CMFUTURE", "OPTION"), ("OPTION", "CMFUTURE")})
Row = dict[str, Any]


class BinanceRecords:
    """Histories of all wallets.

    Args:
        margin: None on networks without /sapi, where only futures have a history that names no symbol.
    """

    def __init__(self, spot: BinanceSpot, futures: BinanceFutures, margin: BinanceMargin | None) -> None:
        self._spot = spot
        self._futures = futures
        self._margin = margin

    def begin(self) -> datetime:
        """Tell since when the key exists; on the embedded exchange the account is as old."""
        payload = self._spot.api.api_key_permissions() if self._margin else {"createTime": 0}
        return from_ms(parse.read("apiRestrictions", lambda row: parse.whole(row, "createTime"), payload))

    def balances(self) -> dict[tuple[Wallet, str], Decimal]:
        """State what every wallet holds; the margin wallet less what it owes."""
        held = {(b.wallet, b.asset): b.total for b in (*self._spot.balances(), *self._futures.balances())}
        if self._margin is not None:
            rows = parse.read_all(
                "get-funding-asset", parse_records.funding_total, self._spot.api.funding_wallet()
            )
            held |= {(Wallet.FUNDING, asset): total for asset, total in rows}
            held |= {
                (Wallet.MARGIN, a.asset): a.free + a.locked - a.owed for a in self._margin.account().assets
            }
        return {where: total for where, total in held.items() if total}

    def records(self, start: datetime) -> list[Record]:
        """List every change from a time on, oldest first, but for the trades of spot."""
        found = [parse_records.income(line) for line in self._futures.income(start=start)]
        if self._margin is not None:
            found += [*self._transfers(start), *self._deposits(start), *self._gifts(start)]
            found += [
                *self._flows(start),
                *map(parse_records.interest, self._margin.interest(None, start=start)),
            ]
        return sorted(found, key=lambda record: record.at)

    # --- inside -------------------------------------------------------------------------------------------------
    def _transfers(self, start: datetime) -> Iterator[Record]:
        """List what went between wallets, as seen by those that have no list of their own."""
        names = (*NAMES, *OUTSIDE)
        for pair in permutations(names, 2):
            if pair in NO_PAIR or not {"MAIN", "FUNDING"} & set(pair):
                continue
            for row in self._transfer_rows("_".join(pair), start):
                yield from parse_records.transfer(row, *pair)

    def _deposits(self, start: datetime) -> Iterator[Record]:
        api, limit = self._spot.api, 1000
        for ask, read in (
            (api.deposit_history, parse_records.deposit),
            (api.withdraw_history, parse_records.withdrawal),
        ):
            for opens_ms, closes_ms in self._windows(start, QUARTER):
                offset = 0
                while True:
                    rows = ask(startTime=opens_ms, endTime=closes_ms, offset=offset, limit=limit)
                    for record in parse.read_all("capital", read, rows):
                        if record is not None:
                            yield record
                    if len(rows) < limit:
                        break
                    offset += limit

    def _gifts(self, start: datetime) -> Iterator[Record]:
        """List what assets paid, and small balances exchanged for BNB."""
        for opens_ms, closes_ms in self._windows(start, HALF_YEAR):
            paid = self._spot.api.asset_dividend_record(startTime=opens_ms, endTime=closes_ms, limit=500)
            rows = parse.read("assetDividend", lambda answer: answer["rows"], paid)
            yield from parse.read_all("assetDividend", parse_records.dividend, rows)
            swept = self._spot.api.dust_log(startTime=opens_ms, endTime=closes_ms)
            groups = parse.read("dribblet", lambda answer: answer["userAssetDribblets"], swept)
            for group in groups:
                for row in parse.read("dribblet", lambda g: g["userAssetDribbletDetails"], group):
                    yield from parse.read("dribblet", parse_records.dust, row)

    def _flows(self, start: datetime) -> Iterator[Record]:
        """List what changed the margin wallet; borrowing and repaying change what is owed as much."""
        spans, limit = list(self._windows(start, WEEK)), 1000
        while spans:
            opens_ms, closes_ms = spans.pop(0)
            # by hand: the connector has no method for it
            asked = {"startTime": opens_ms, "endTime": closes_ms, "limit": limit}
            rows = self._spot.api.sign_request("GET", "/sapi/v1/margin/capital-flow", asked)
            if len(rows) >= limit and closes_ms > opens_ms:  # the newest of them: look at halves
                middle = (opens_ms + closes_ms) // 2
                spans = [(opens_ms, middle), (middle + 1, closes_ms), *spans]
                continue
            for record in parse.read_all("capital-flow", parse_records.flow, rows):
                if record is not None:
                    yield record

    def _transfer_rows(self, kind: str, start: datetime) -> Iterator[Row]:
        for opens_ms, closes_ms in self._windows(start, HALF_YEAR):
            page, size = 1, 100
            while True:
                answer = self._spot.api.user_universal_transfer_history(
                    kind, startTime=opens_ms, endTime=closes_ms, current=page, size=size
                )
                # Binance leaves `rows` out where there are none
                rows = parse.read("asset/transfer", lambda answer: answer.get("rows", []), answer)
                yield from rows
                if len(rows) < size:
                    break
                page += 1

    def _windows(self, start: datetime, width: timedelta) -> Iterator[tuple[int, int]]:
        return windows(start, self._spot.link.time.now(), width)

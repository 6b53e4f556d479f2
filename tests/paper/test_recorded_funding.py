"""A month of recorded funding, payment by payment, against the files themselves."""

from __future__ import annotations

import csv
import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from atapi.paper.feeds.base import FundingRecord, Series
from tests.paper.feed_of_bars import DAY, HOUR, D, FeedOfBars
from tests.paper.recordings import shared
from tests.paper.worlds import at_market, funded, world

START = 1_612_137_600_000  # 2021-02-01 00:00 UTC
EIGHT_DECIMALS = Decimal("0.00000001")


def rows(path: Path) -> list[list[str]]:
    with gzip.open(path, "rt") as lines:
        return list(csv.reader(lines))[1:]


@pytest.mark.recordings
def test_a_month_of_recorded_funding_is_paid_to_the_last_digit() -> None:
    um = shared("data") / "um"
    settled = rows(um / "fundingRate" / "BTCUSDT-fundingRate-to-2023.csv.gz")
    marks = {int(row[0]): D(row[1]) for row in rows(um / "markPriceKlines" / "1h" / "BTCUSDT-1h-2021.csv.gz")}
    feed = FeedOfBars(
        {
            (Series.MARK, "BTCUSDT"): sorted(marks.items()),
            (Series.UM, "BTCUSDT"): [(0, D(33000))],
            (Series.SPOT, "BTCUSDT"): [(0, D(33000))],
        },
        funding={"BTCUSDT": [FundingRecord(int(at), D(rate), int(hours)) for at, hours, rate in settled]},
    )
    exchange = world(feed, at_ms=START)
    account = funded(exchange)
    exchange.place(account, "um", at_market("SELL", "0.301"))

    exchange.advance(30 * DAY)

    expected = [
        (int(at), (D(rate) * marks[int(at) // HOUR * HOUR] * D("0.301")).quantize(EIGHT_DECIMALS))
        for at, _, rate in settled
        if START < int(at) <= START + 30 * DAY
    ]
    paid = [(i.time_ms, i.amount) for i in exchange.income(account) if i.kind == "FUNDING_FEE"]
    assert paid == expected
    assert len(paid) == 91  # 90 intervals, and the payment a millisecond after midnight of the first day

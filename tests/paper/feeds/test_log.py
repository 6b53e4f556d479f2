"""A log played back: its book at every moment, its trades in their order, and orders that meet them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atapi.errors import ConfigError, UsageError
from atapi.paper.feeds.base import Series
from atapi.paper.feeds.choose import open_feed
from atapi.paper.feeds.log import LogFeed
from atapi.paper.host import Hosted, join_or_start
from atapi.paper.recording.books import BookGap, RebuiltBook
from tests.paper.client import Wire
from tests.paper.recordings import shared
from tests.paper.routes.test_admin import ask

T0 = 1_700_000_000_000
RAW = ("spot_ethusdt_2024-08-08_first2min", "um_ethusdt_2024-08-08_first2min")


def depth(first: int, last: int, bids: Any, asks: Any) -> dict[str, Any]:
    return {"e": "depthUpdate", "s": "BTCUSDT", "U": first, "u": last, "b": bids, "a": asks}


def trade(number: int, price: str, quantity: str, *, sold: bool) -> dict[str, Any]:
    return {"e": "trade", "s": "BTCUSDT", "t": number, "p": price, "q": quantity, "m": sold, "T": 0}


LOG: list[tuple[int, dict[str, Any]]] = [  # milliseconds after T0, message
    (0, depth(1, 5, [["100", "1"]], [["103", "9"]])),  # before the snapshot, and in it already
    (10, {"lastUpdateId": 6, "bids": [["100", "2"], ["99", "5"]], "asks": [["102", "1"], ["103", "4"]]}),
    (100, depth(7, 8, [["101", "3"]], [])),
    (150, trade(1, "102", "0.5", sold=False)),
    (200, depth(9, 9, [], [["102", "0"]])),
    (200, trade(2, "101", "0.25", sold=True)),
    (200, trade(3, "101", "0.5", sold=True)),
    (61_000, trade(4, "104", "1", sold=False)),
    (61_000, depth(10, 12, [["101", "0"]], [["102.5", "1"]])),
]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    lines = [f"{(T0 + ms) * 1_000_000} " + json.dumps({"stream": "x", "data": data}) for ms, data in LOG]
    path.write_text("\n".join(lines) + "\n")
    return path


def book_at(feed: LogFeed, ms: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    levels = feed.recorded.levels(Series.SPOT, "BTCUSDT", T0 + ms)
    assert levels is not None
    bids, asks = levels
    return [(str(p), str(q)) for p, q in bids], [(str(p), str(q)) for p, q in asks]


def test_the_book_is_the_recorded_one_at_every_moment(log: Path) -> None:
    feed = LogFeed(log)

    assert feed.recorded.levels(Series.SPOT, "BTCUSDT", T0 + 9) is None
    assert book_at(feed, 10) == ([("100", "2"), ("99", "5")], [("102", "1"), ("103", "4")])
    assert book_at(feed, 100) == ([("101", "3"), ("100", "2"), ("99", "5")], [("102", "1"), ("103", "4")])
    assert book_at(feed, 60_000)[1] == [("103", "4")]
    assert book_at(feed, 61_000) == ([("100", "2"), ("99", "5")], [("102.5", "1"), ("103", "4")])
    assert book_at(feed, 99)[0] == [("100", "2"), ("99", "5")]  # and back


def test_bars_are_what_traded(log: Path) -> None:
    feed = LogFeed(log)

    [first, second] = feed.bars(Series.SPOT, "BTCUSDT", 60_000, T0 - 60_000, T0 + 90_000, T0 + 90_000)

    assert (first.open, first.high, first.low, first.close) == (102, 102, 101, 101)
    assert (first.volume, first.taker_volume, first.trades) == (Decimal("1.25"), Decimal("0.5"), 3)
    assert (second.close, second.turnover) == (104, 104)
    assert feed.bars(Series.SPOT, "BTCUSDT", 60_000, T0 - 60_000, T0 + 90_000, T0 + 160)[0].trades == 1


def test_a_missing_change_is_no_book() -> None:
    book = RebuiltBook()
    book.snapshot({"lastUpdateId": 6, "bids": [], "asks": []})
    book.change(depth(7, 8, [], []))

    with pytest.raises(BookGap, match="the change 10-11 does not follow 8"):
        book.change(depth(10, 11, [], []))


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[[str], Hosted]]:
    """Give a function that opens a feed as an exchange."""
    begun: list[Hosted] = []

    def start(feed: str) -> Hosted:
        begun.append(join_or_start(tmp_path / "home", feed_text=feed, seed=1, at=None))
        return begun[-1]

    yield start
    for hosted in begun:
        hosted.close()


def wire(hosted: Hosted) -> Wire:
    return Wire(hosted.spot_url, hosted.api_key, hosted.api_secret, "/api/v3")


def test_it_is_played_step_by_step_and_traded_on(log: Path, play: Callable[[str], Hosted]) -> None:
    hosted = play(f"log:{log}")
    spot = wire(hosted)
    assert spot.now() == T0 + 10
    ask(spot, hosted, "POST", "advance", span_ms=190)

    book = spot.get("/api/v3/depth", symbol="BTCUSDT").json
    taken = spot.signed(
        "POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1"
    ).json
    tape = [
        (Decimal(row["price"]), Decimal(row["qty"]), row["isBuyerMaker"])
        for row in spot.get("/api/v3/trades", symbol="BTCUSDT").json
    ]

    assert [Decimal(price) for price, _ in book["bids"]] == [101, 100, 99]
    assert [Decimal(fill["price"]) for fill in taken["fills"]] == [103]
    assert [row for row in tape if row[1] != 1] == [
        (102, Decimal("0.5"), False),
        (101, Decimal("0.25"), True),
        (101, Decimal("0.5"), True),
    ]


def test_it_is_played_by_a_clock_that_ends_with_it(log: Path, play: Callable[[str], Hosted]) -> None:
    spot = wire(play(f"log:{log}@10000"))  # 61 s in 6 ms

    while spot.now() < T0 + 61_000:
        pass

    assert spot.now() == T0 + 61_000
    assert Decimal(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["askPrice"]) == Decimal(
        "102.5"
    )


@pytest.mark.parametrize("name", RAW)
def test_recorded_books_never_cross_and_trades_print_in_order(
    name: str, play: Callable[[str], Hosted]
) -> None:
    hosted = play(f"log:{shared('data/raw')}/{name}.log.gz")
    futures = name.startswith("um")
    prefix = "/fapi/v1" if futures else "/api/v3"
    market = Wire(hosted.um_url if futures else hosted.spot_url, hosted.api_key, hosted.api_secret, prefix)
    seen: dict[int, int] = {}

    for _ in range(50):
        ask(market, hosted, "POST", "advance", span_ms=1000)
        book = market.get(f"{prefix}/depth", symbol="ETHUSDT", limit=1000).json
        assert Decimal(book["bids"][0][0]) < Decimal(book["asks"][0][0])
        for row in market.get(f"{prefix}/trades", symbol="ETHUSDT", limit=1000).json:
            seen.setdefault(row["id"], row["time"])

    assert len(seen) > 900
    assert list(seen) == sorted(seen)
    assert list(seen.values()) == sorted(seen.values())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("log:/nowhere", UsageError),
        ("log:{log}@0", UsageError),
        ("log:{empty}", ConfigError),
        ("log:{bad}", ConfigError),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, log: Path, text: str, error: type[Exception]) -> None:
    empty, bad = tmp_path / "empty.log", tmp_path / "bad.log"
    empty.touch()
    bad.write_text("12 {}\nnonsense\n")

    with pytest.raises(error):
        open_feed(text.format(log=log, empty=empty, bad=bad), 1)

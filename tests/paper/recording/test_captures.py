"""Logs of whole connections: two files beside each other, read as one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from atapi.errors import ConfigError
from atapi.paper.feeds.base import Series
from atapi.paper.feeds.log import LogFeed
from atapi.paper.recording.captures import messages

SOCKET = """wss://fstream.binance.com/stream?streams=keepusdt@depth@100ms <-> 1626992740.5
1626992741.25: {"stream":"k","data":{"e":"depthUpdate","s":"KEEPUSDT","U":5,"u":7,"pu":4,"b":[["0.20","3"]],"a":[]}}
1626992741.50: {"stream":"k","data":{"e":"aggTrade","s":"KEEPUSDT","p":"0.25","q":"10","m":true}}

"""
REQUESTS = """https://fapi.binance.com/fapi/v1/depth?symbol=KEEPUSDT&limit=2 -> 1626992741.3: \
{"lastUpdateId":6,"bids":[["0.20","1"]],"asks":[["0.25","4"]]}
"""


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    for part, text in (("ws", SOCKET), ("http", REQUESTS)):
        with gzip.open(tmp_path / f"a.{part}.log.gz", "wt") as file:
            file.write(text)
    return tmp_path


@pytest.mark.parametrize("part", ["ws", "http"])
def test_both_files_are_read_in_the_order_of_their_messages(capture: Path, part: str) -> None:
    lines = list(messages(capture / f"a.{part}.log.gz"))

    assert [line.ms for line in lines] == [1626992741250, 1626992741300, 1626992741500]
    assert {line.message["market"] for line in lines} == {"um"}
    assert lines[1].message["snapshot"] == "KEEPUSDT"


def test_they_are_a_feed_whose_aggregated_trades_stand_in(capture: Path) -> None:
    feed = LogFeed(capture / "a.ws.log.gz")

    assert feed.span() == (1626992741300, 1626992741500)
    levels = feed.recorded.levels(Series.UM, "KEEPUSDT", 1626992741300)
    assert levels is not None
    assert [[str(quantity) for _, quantity in side] for side in levels] == [["3"], ["4"]]
    [(_, trade)] = feed.recorded.prints(Series.UM, "KEEPUSDT", 5, 1626992741500)
    assert (str(trade.price), str(trade.quantity), trade.side) == ("0.25", "10", "SELL")


def test_a_line_that_is_none_is_named(capture: Path) -> None:
    with gzip.open(capture / "a.ws.log.gz", "at") as file:
        file.write("nonsense\n")

    with pytest.raises(ConfigError, match="line 5 of the log"):
        list(messages(capture / "a.ws.log.gz"))

"""Streams against the embedded exchange: every event rings, and a line that ends is opened anew and says so."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, Queue
from typing import Any

import pytest

from atapi.exchanges.binance.networks import Endpoints, paper_endpoints
from atapi.exchanges.binance.user_stream import UserStreams
from atapi.exchanges.binance.venue import BinanceVenue, connect
from atapi.testing import PaperExchange

LINES = {"futures", "spot", "listing"}
PATIENCE_S = 20.0  # bounds the waiting of a test that fails; one that passes never waits it out


@pytest.fixture
def venue(paper_exchange: PaperExchange) -> Iterator[BinanceVenue]:
    where = paper_endpoints(paper_exchange.spot_url, paper_exchange.um_url)
    made = connect(where, paper_exchange.key, paper_exchange.secret)
    yield made
    made.close()


@pytest.fixture
def bells(venue: BinanceVenue) -> Queue[str]:
    """Follow, and take the bell of each line's opening."""
    rung: Queue[str] = Queue()
    venue.streams.follow(rung.put)
    assert {rung.get(timeout=PATIENCE_S) for _ in LINES} == LINES
    return rung


def until(bells: Queue[str], name: str) -> None:
    """Wait for a bell."""
    while bells.get(timeout=PATIENCE_S) != name:
        pass


def trade(venue: BinanceVenue, market: str) -> None:
    link, path = (
        (venue.futures.link, "/fapi/v1/order") if market == "um" else (venue.spot.link, "/api/v3/order")
    )
    order: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    link.request("POST", path, order, signed=True)


def test_nothing_is_dialed_until_somebody_follows(venue: BinanceVenue) -> None:
    assert venue.streams.states() == []


@pytest.mark.parametrize(("market", "line"), [("um", "futures"), ("spot", "spot")])
def test_an_order_rings(venue: BinanceVenue, bells: Queue[str], market: str, line: str) -> None:
    trade(venue, market)

    until(bells, line)
    assert all(state.live for state in venue.streams.states())


def test_a_change_of_a_contract_rings(
    venue: BinanceVenue, bells: Queue[str], paper_exchange: PaperExchange
) -> None:
    paper_exchange.fault("delist BTCUSDT in=2h")

    until(bells, "listing")


def test_a_listen_key_that_lapses_is_replaced(
    venue: BinanceVenue, bells: Queue[str], paper_exchange: PaperExchange
) -> None:
    paper_exchange.fault("expire listen-keys")

    until(bells, "futures")  # the event
    until(bells, "futures")  # open again
    trade(venue, "um")
    until(bells, "futures")


def test_a_line_that_is_cut_is_opened_anew(
    venue: BinanceVenue, bells: Queue[str], paper_exchange: PaperExchange
) -> None:
    paper_exchange.fault("hang-up 1008 market=spot nth=1")
    trade(venue, "spot")

    until(bells, "spot")
    trade(venue, "spot")
    until(bells, "spot")


def test_a_distrusted_line_is_opened_anew(venue: BinanceVenue, bells: Queue[str]) -> None:
    venue.streams.distrust("futures")

    until(bells, "futures")


def test_a_line_that_cannot_be_opened_says_why(paper_exchange: PaperExchange) -> None:
    here = paper_endpoints(paper_exchange.spot_url, paper_exchange.um_url)
    nowhere = Endpoints(here.spot, here.um, here.products, um_socket="ws://127.0.0.1:1")
    venue = connect(nowhere, paper_exchange.key, "not its secret")
    rung: Queue[str] = Queue()
    streams: UserStreams = venue.streams
    streams.follow(rung.put)

    try:
        while not all(s.why and s.why != "not open yet" for s in streams.states()):
            with pytest.raises(Empty):
                rung.get(timeout=0.05)
        told = {state.name: state for state in streams.states()}
        assert "Signature for this request is not valid" in told["spot"].why
        assert "refused" in told["listing"].why
        assert not any(state.live for state in told.values())
    finally:
        venue.close()

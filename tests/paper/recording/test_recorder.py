"""A log of a running exchange: what it holds, that it is the same each time, and that it plays."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atapi.errors import ConfigError
from atapi.paper.host import Hosted, join_or_start
from atapi.paper.recording.lines import Line, Writer, read
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask

Host = Callable[..., Hosted]
BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.5"}


def recorded(host: Host, home: Path, path: Path) -> list[Line]:
    """Trade a little, two minutes long, and record it."""
    hosted = host(home)
    spot = Wire(hosted.spot_url, hosted.api_key, hosted.api_secret, "/api/v3")
    um = Wire(hosted.um_url, hosted.api_key, hosted.api_secret, "/fapi/v1")
    assert ask(spot, hosted, "POST", "record", path=str(path), symbols=["BTCUSDT"]).status == 200
    spot.signed("POST", "/api/v3/order", **BUY, newClientOrderId="one")
    um.signed("POST", "/fapi/v1/order", **BUY | {"side": "SELL"}, newClientOrderId="two")
    um.signed("POST", "/fapi/v1/listenKey")
    spot.signed("POST", "/api/v3/order", **BUY | {"quantity": "90"})
    for _ in range(12):
        ask(spot, hosted, "POST", "advance", span_ms=10_000)
    told = ask(spot, hosted, "POST", "record/stop").json
    lines = list(read(path))
    assert told == {"path": str(path), "lines": len(lines)}
    hosted.close()
    return lines


def test_it_holds_markets_users_and_decisions(host: Host, tmp_path: Path) -> None:
    lines = recorded(host, tmp_path / "home", tmp_path / "run.log")

    first, *rest = [line.message for line in lines]
    assert first == {"feed": "synthetic-7", "symbols": ["BTCUSDT"]}
    asked = [m for m in rest if "asked" in m]
    assert [(m["market"], m["account"], m["asked"], m["status"]) for m in asked] == [
        ("spot", "default", "POST /api/v3/order", 200),
        ("um", "default", "POST /fapi/v1/order", 200),
        ("um", "default", "POST /fapi/v1/listenKey", 200),
        ("spot", "default", "POST /api/v3/order", 400),
    ]
    assert asked[0]["params"] == BUY | {"newClientOrderId": "one"}
    assert asked[2]["answer"] == {"listenKey": "****"}
    assert asked[3]["answer"]["code"] == -2010
    events = [m["event"]["e"] for m in rest if "event" in m]
    assert {"executionReport", "outboundAccountPosition", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"} <= set(
        events
    )
    streams = {(m["market"], m["stream"]) for m in rest if "stream" in m}
    assert {("spot", "btcusdt@depth"), ("um", "btcusdt@trade"), ("um", "btcusdt@markPrice")} <= streams
    assert [line.ns for line in lines] == sorted(line.ns for line in lines)


def test_no_key_and_no_signature_is_written(host: Host, tmp_path: Path) -> None:
    recorded(host, tmp_path / "home", tmp_path / "run.log")

    text = (tmp_path / "run.log").read_text()
    assert "signature" not in text
    assert "apiKey" not in text


def test_the_same_script_leaves_the_same_log(host: Host, tmp_path: Path) -> None:
    for name in ("a", "b"):
        recorded(host, tmp_path / name, tmp_path / f"{name}.log")

    assert (tmp_path / "a.log").read_bytes() == (tmp_path / "b.log").read_bytes()


def test_what_was_recorded_plays(host: Host, tmp_path: Path) -> None:
    lines = recorded(host, tmp_path / "home", tmp_path / "run.log.gz")
    tops = [m.message["data"] for m in lines if m.message.get("stream") == "btcusdt@bookTicker"]
    spot_tops = {(t["b"], t["a"]) for t in tops if "e" not in t}
    hosted = join_or_start(tmp_path / "again", feed_text=f"log:{tmp_path / 'run.log.gz'}", seed=1, at=None)
    spot = Wire(hosted.spot_url, hosted.api_key, hosted.api_secret, "/api/v3")
    try:
        seen = []
        for _ in range(12):
            ask(spot, hosted, "POST", "advance", span_ms=10_000)
            top = spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json
            seen.append((top["bidPrice"], top["askPrice"]))
    finally:
        hosted.close()

    assert len(set(seen)) > 6
    assert set(seen) <= spot_tops
    assert all(Decimal(bid) < Decimal(ask_price) for bid, ask_price in seen)


def test_a_log_is_appended_to_and_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    for number in range(2):
        writer = Writer(path)
        writer.write(1000 + number, {"n": number})
        writer.close()

    whole = path.read_bytes()
    path.write_bytes(whole[:-12])  # the end was never written

    assert gzip.decompress(whole) == b'1000000000 {"n":0}\n1001000000 {"n":1}\n'
    assert [line.message["n"] for line in read(path)][:1] == [0]


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text('1 {"a":1}\n2 {"a":\n')

    with pytest.raises(ConfigError, match="line 2 of the log"):
        list(read(path))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"path": "relative"}, "path must be that of a file, from the root."),
        (
            {"path": "/nowhere/at/all.log"},
            "cannot write the log /nowhere/at/all.log: No such file or directory",
        ),
        ({"path": "/tmp/x", "symbols": "BTCUSDT"}, "symbols must be a list of symbols."),
        ({"path": "/dev/null", "symbols": ["NOPE"]}, "Invalid symbol 'NOPE'."),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    spot: Wire, hosted: Hosted, body: dict[str, Any], message: str
) -> None:
    assert ask(spot, hosted, "POST", "record", **body).json["msg"] == message
    assert ask(spot, hosted, "POST", "record/stop").json["msg"] == "Nothing is being recorded."
    assert json.loads(ask(spot, hosted, "GET", "record").body) == {"path": None, "lines": 0}

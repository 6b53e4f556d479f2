"""Starting, joining, leaving, and being killed: one exchange per world, and nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from atapi.errors import ConfigError, StorageError
from atapi.paper.endpoint import NAME, Endpoint
from atapi.paper.host import LOCK, Hosted, join_or_start
from atapi.paper.locks import FileLock
from atapi.paper.serve import serve
from tests.paper.client import Wire
from tests.paper.conftest import AT

Host = Callable[..., Hosted]

# Hosts the world of a home in another process, says where, and waits to be told to end.
HOSTING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from atapi.paper.host import join_or_start
hosted = join_or_start(Path(sys.argv[1]), feed_text="synthetic", seed=7, at=datetime(2026, 1, 1, tzinfo=UTC))
print(hosted.hosting, hosted.spot_url, flush=True)
sys.stdin.read()
hosted.close()
"""
SERVING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from atapi.paper.serve import serve
serve(Path(sys.argv[1]), feed_text="synthetic", seed=7, at=datetime(2026, 1, 1, tzinfo=UTC), port=0, out=sys.stdout)
"""

Other = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Other]:
    """Give a function that runs a script on the test's home in another process, and end what is left of them."""
    begun: list[subprocess.Popen[str]] = []

    def start(script: str = HOSTING) -> subprocess.Popen[str]:
        root = Path(__file__).resolve().parents[2]
        begun.append(
            subprocess.Popen(
                [sys.executable, "-c", script, str(tmp_path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": str(root)},
            )
        )
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def usdt(hosted: Hosted) -> str:
    wire = Wire(hosted.spot_url, hosted.api_key, hosted.api_secret, "/api/v3")
    [row] = wire.signed("POST", "/sapi/v3/asset/getUserAsset", asset="USDT").json
    return str(row["free"])


def test_a_second_one_in_the_same_process_joins(host: Host) -> None:
    first, second = host(), host()

    assert (first.hosting, second.hosting) == (True, False)
    assert (second.spot_url, second.um_url, second.api_key) == (first.spot_url, first.um_url, first.api_key)
    assert usdt(second) == "50000"


def test_another_process_is_joined_and_outlived(host: Host, other: Other) -> None:
    process = other()
    hosting, url = first_line(process)
    joined = host()

    assert (hosting, joined.hosting, joined.spot_url) == ("True", False, url)

    process.communicate("")
    assert joined.rediscover() is True
    assert joined.hosting is True
    assert usdt(joined) == "50000"


def test_a_new_start_goes_on_where_the_last_one_ended(host: Host) -> None:
    first = host()
    wire = Wire(first.spot_url, first.api_key, first.api_secret, "/api/v3")
    order = wire.signed(
        "POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1"
    ).json
    headers = {"Content-Type": "application/json", "X-Paper-Token": first.admin_token}
    wire.send("POST", "/paper/v1/advance", body='{"span_ms": 60000}', headers=headers)
    now, left = wire.now(), usdt(first)
    first.close()

    second = host()
    wire = Wire(second.spot_url, second.api_key, second.api_secret, "/api/v3")

    assert second.hosting
    assert second.api_key == first.api_key
    assert (wire.now(), usdt(second)) == (now, left)
    found = wire.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"]).json
    assert found["status"] == "FILLED"


def test_killing_the_host_loses_nothing_acknowledged(host: Host, other: Other) -> None:
    process = other()
    first_line(process)
    joined = host()
    wire = Wire(joined.spot_url, joined.api_key, joined.api_secret, "/api/v3")
    query = f"symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001&timestamp={wire.now()}"
    order = (
        f"POST /api/v3/order?{query}&signature={wire.sign(query)} HTTP/1.1\r\n"
        f"Host: localhost\r\nX-MBX-APIKEY: {wire.key}\r\n\r\n"
    ).encode()

    with wire.connect() as connection:
        connection.sendall(order * 80)
        received = connection.recv(2000)  # the first answers are here, the last orders are not yet placed
        process.kill()
        try:
            while more := connection.recv(65536):
                received += more
        except ConnectionResetError:
            pass
    process.wait()
    joined.rediscover()

    acknowledged = [int(number) for number in re.findall(rb'"orderId":(\d+),.*?"fills":\[[^]]*\]}', received)]
    wire = Wire(joined.spot_url, joined.api_key, joined.api_secret, "/api/v3")
    kept = wire.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json
    assert joined.hosting
    assert acknowledged
    assert [row["orderId"] for row in kept][: len(acknowledged)] == acknowledged
    assert {row["status"] for row in kept} == {"FILLED"}
    assert Decimal(usdt(joined)) == 50_000 - sum(Decimal(row["cummulativeQuoteQty"]) for row in kept)


def test_worlds_of_other_seeds_and_times_are_others(host: Host, tmp_path: Path) -> None:
    here, seed, wall = host(), host(seed=8), host(at=None)

    assert all(world.hosting for world in (here, seed, wall))
    assert {here.folder.name, seed.folder.name, wall.folder.name} == {
        "synthetic-7-at-20260101T000000Z",
        "synthetic-8-at-20260101T000000Z",
        "synthetic-7",
    }
    assert here.folder.parent == tmp_path / "paper"


def test_state_is_for_its_owner_only(hosted: Hosted) -> None:
    assert stat.S_IMODE(hosted.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(hosted.folder.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in hosted.folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {NAME, LOCK, "exchange.sqlite"} <= set(modes)


def test_closing_takes_the_endpoint_away_and_lets_go(host: Host) -> None:
    hosted = host()
    folder = hosted.folder

    hosted.close()

    assert Endpoint.read(folder) is None
    lock = FileLock(folder / LOCK)
    assert lock.take()
    lock.release()


def test_a_stale_endpoint_is_not_joined(host: Host) -> None:
    hosted = host()
    stale = (hosted.folder / NAME).read_bytes()
    hosted.close()
    (hosted.folder / NAME).write_bytes(stale)

    again = host()

    assert again.hosting
    assert again.admin_token != json.loads(stale)["admin_token"]


def test_an_endpoint_of_somebody_else_does_not_answer(host: Host) -> None:
    one, two = host(seed=1), host(seed=2)
    mine, theirs = Endpoint.read(one.folder), Endpoint.read(two.folder)
    assert mine is not None
    assert theirs is not None

    mixed = Endpoint(
        spot_url=theirs.spot_url,
        um_url=theirs.um_url,
        cm_url=theirs.cm_url,
        api_key=mine.api_key,
        api_secret=mine.api_secret,
        admin_token=mine.admin_token,
        pid=mine.pid,
    )

    assert mine.answers()
    assert not mixed.answers()


def test_what_keeps_it_from_starting_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "paper" / "synthetic-7-at-20260101T000000Z"
    folder.mkdir(parents=True)
    (folder / "exchange.sqlite").write_bytes(b"this is no database" * 100)

    with pytest.raises(StorageError, match="exchange's file"):
        join_or_start(tmp_path, feed_text="synthetic", seed=7, at=AT)
    lock = FileLock(folder / LOCK)
    assert lock.take()
    lock.release()


def test_serving_says_where_and_ends_cleanly(other: Other, host: Host) -> None:
    process = other(SERVING)
    assert process.stdout is not None
    said = dict(process.stdout.readline().strip().split(": ", 1) for _ in range(12))
    joined = host()

    assert list(said) == [
        "spot", "um", "cm", "spot-stream", "um-stream", "cm-stream", "spot-ws-api", "um-ws-api",
        "cm-ws-api", "key", "secret", "token",
    ]  # fmt: skip
    wire = Wire(said["spot"], said["key"], said["secret"], "/api/v3")
    wire.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quoteOrderQty="100")
    held = wire.signed("POST", "/sapi/v3/asset/getUserAsset").json

    assert {row["asset"] for row in held} == {"BTC", "ETH", "BNB", "USDT"}
    assert joined.hosting is False
    assert len(Wire(said["um"], "", "", "/fapi/v1").get("/fapi/v1/exchangeInfo").json["symbols"]) > 20
    assert len(Wire(said["cm"], "", "", "/dapi/v1").get("/dapi/v1/exchangeInfo").json["symbols"]) == 3
    assert usdt(joined) == "50000"  # the shell's own account is another

    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert Endpoint.read(joined.folder) is None


def test_more_ports_are_opened_and_closed(hosted: Hosted) -> None:
    with hosted.listening(0) as more:
        port = int(more.spot_url.rpartition(":")[2])
        assert more.spot_url != hosted.spot_url
        assert Wire(more.spot_url, "", "", "/api/v3").get("/api/v3/ping").json == {}
        with pytest.raises(ConfigError, match=f"cannot listen on ports {port} to"), hosted.listening(port):
            pass

    with pytest.raises(ConnectionRefusedError):
        Wire(more.spot_url, "", "", "/api/v3").get("/api/v3/ping")
    assert usdt(hosted) == "50000"


def test_a_world_is_not_served_twice(
    hosted: Hosted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StorageError, match=f"process {os.getpid()} runs this exchange already"):
        serve(tmp_path, feed_text="synthetic", seed=7, at=AT, port=0, out=sys.stdout)

    assert capsys.readouterr().out == ""

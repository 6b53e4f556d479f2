"""The file: everything acknowledged is in it, and an exchange opened on it goes on as if nothing had been."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atapi.errors import ConfigError, StorageError
from atapi.paper import schema
from atapi.paper.clock import PaperClock
from atapi.paper.effects import Batch
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Series
from atapi.paper.records import IncomeRecord, OrderRecord, PositionRecord, TradeRecord
from atapi.paper.store import Store
from atapi.paper.write_ahead import WriteAheadLog
from tests.paper.feed_of_bars import DEFAULT, HOUR, T0, D, FeedOfBars
from tests.paper.worlds import as_if_killed, at_market, counted_keys, funded, limit, world


def busy(path: str) -> tuple[Exchange, list[str]]:
    """Live a while: two accounts, orders that fill, rest, cancel and expire, positions, fundings, transfers."""
    steps = dict(DEFAULT)
    steps[Series.UM, "BTCUSDT"] = [(0, D(50000)), (T0 + HOUR, D(49000)), (T0 + 9 * HOUR, D(50500))]
    exchange = world(FeedOfBars(steps), path=path)
    accounts = [funded(exchange), funded(exchange, "other", bnb=True, spot_USDT="5000", spot_BNB="1")]
    first, second = accounts
    exchange.place(first, "spot", at_market("BUY", "1.5"))
    exchange.place(first, "spot", limit("SELL", "2", "51000", client_order_id="rests"))
    exchange.place(second, "spot", limit("BUY", "3", "495", symbol="BNBUSDT"))
    canceled, _ = exchange.place(first, "spot", limit("BUY", "1", "49000"))
    exchange.cancel(first, "spot", "BTCUSDT", order_id=canceled.order_id, client_order_id=None)
    exchange.place(first, "um", at_market("SELL", "1.1"))
    exchange.place(first, "um", limit("BUY", "0.4", "49500", reduce_only=True))
    exchange.place(first, "um", limit("SELL", "0.3", "52000"))
    exchange.set_leverage(first, "BTCUSDT", 10)
    exchange.set_bnb_burn(first, um=True)
    exchange.transfer(first, "UMFUTURE_MAIN", "USDT", D("123.45678901"))
    exchange.advance(16 * HOUR)
    exchange.place(first, "spot", limit("BUY", "1", "50012", time_in_force="IOC"))
    return exchange, accounts


def shown(exchange: Exchange, accounts: list[str]) -> dict[str, Any]:
    """Everything the exchange shows of itself and of these accounts."""
    found: dict[str, Any] = {"now": exchange.now_ms(), "accounts": exchange.accounts()}
    for account in accounts:
        found[account] = {
            "wallets": [exchange.balances(account, wallet) for wallet in ("spot", "um", "funding", "margin")],
            "orders": [exchange.orders(account, market, None) for market in ("spot", "um")],
            "open": [exchange.open_orders(account, market, None) for market in ("spot", "um")],
            "trades": [exchange.trades(account, market, None) for market in ("spot", "um")],
            "positions": exchange.positions(account),
            "totals": exchange.futures_totals(account),
            "income": exchange.income(account),
            "transfers": exchange.transfers(account),
            "leverage": exchange.leverage(account, "BTCUSDT"),
            "bnb": exchange.bnb_burn(account),
        }
    for market in ("spot", "um"):
        found[market] = exchange.depth(market, "BTCUSDT", 50)[1:]
        found[f"{market} tape"] = exchange.public_trades(market, "BTCUSDT", 20)
    return found


def reopened(path: Path, feed: FeedOfBars, at_ms: int) -> Exchange:
    clock = PaperClock.still(at_ms, wall=lambda: T0)
    return Exchange(feed, clock, Store(path), make_key=counted_keys())


def test_a_killed_exchange_is_all_there_when_it_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    exchange, accounts = busy(str(path))

    again = reopened(as_if_killed(path), exchange.feed, exchange.now_ms())  # type: ignore[arg-type]

    assert shown(again, accounts) == shown(exchange, accounts)


def test_a_reopened_exchange_goes_on_exactly_as_the_other_would_have(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    exchange, accounts = busy(str(path))
    again = reopened(as_if_killed(path), exchange.feed, exchange.now_ms())  # type: ignore[arg-type]

    for one in (exchange, again):
        one.place(accounts[0], "spot", at_market("BUY", "0.7"))  # on what the last order left of the book
        one.place(accounts[0], "um", limit("BUY", "0.2", "51000", time_in_force="IOC"))
        one.advance(8 * HOUR)
        one.cancel_all(accounts[0], "spot", "BTCUSDT")

    assert shown(again, accounts) == shown(exchange, accounts)


def rows(path: str) -> dict[str, list[Any]]:
    Store(path).close()  # which takes up what the log is ahead
    with sqlite3.connect(path) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}"))) for table in tables}


def test_the_same_calls_write_the_same_rows(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("one.db", "two.db")]
    for path in paths:
        busy(path)

    first, second = (rows(path) for path in paths)
    assert first == second
    assert all(first[table] for table in ("accounts", "entries", "orders", "trades", "income", "transfers"))


def test_the_clock_and_its_time_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    exchange = world(path=str(path))
    exchange.advance(HOUR)

    state = Store(path).meta("clock")

    assert state is not None
    assert PaperClock.restored(state).now_ms() == T0 + HOUR


def test_a_store_of_another_feed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    world(path=str(path))
    other = FeedOfBars(DEFAULT)
    other.name = "another"

    with pytest.raises(ConfigError, match="made with the feed by hand, not another"):
        reopened(path, other, T0)


def test_a_clock_before_what_was_lived_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    world(path=str(path)).advance(HOUR)

    with pytest.raises(ConfigError, match="already lived until 2026-01-01 01:00:00"):
        reopened(path, FeedOfBars(DEFAULT), T0)


def test_a_running_clock_goes_on_from_what_was_lived_when_the_machines_was_set_back(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    clock = PaperClock.on_wall(wall=lambda: T0 + HOUR)
    funded(Exchange(FeedOfBars(DEFAULT), clock, Store(path), make_key=counted_keys()))

    back = PaperClock.restored(clock.state, wall=lambda: T0)
    again = Exchange(FeedOfBars(DEFAULT), back, Store(path), make_key=counted_keys())

    assert again.now_ms() == T0 + HOUR


def test_a_reset_store_is_as_new(tmp_path: Path) -> None:
    path = str(tmp_path / "exchange.db")
    busy(path)
    store = Store(path)

    store.reset()

    again = Exchange(FeedOfBars(DEFAULT), PaperClock.still(T0), store, make_key=counted_keys())
    assert again.accounts() == []
    order, _ = again.place(funded(again), "spot", at_market("BUY", "1"))
    assert order.order_id == 1


def test_a_file_that_is_no_exchange_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    path.write_bytes(b"not a database at all, but long enough to look like one" * 20)

    with pytest.raises(StorageError, match="cannot open"):
        Store(path)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")

    with pytest.raises(StorageError, match="version 99"):
        Store(path)


def test_when_the_file_cannot_be_written_nothing_more_is_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    store = Store(path, patience_s=0.01)
    exchange = Exchange(FeedOfBars(DEFAULT), PaperClock.still(T0), store, make_key=counted_keys())
    account = funded(exchange)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="locked"):
            exchange.place(account, "spot", at_market("BUY", "1"))
        other.execute("ROLLBACK")

    with pytest.raises(StorageError, match="stopped writing"):
        exchange.balances(account, "spot")
    again = reopened(path, FeedOfBars(DEFAULT), T0)
    assert again.balances(account, "spot")["BTC"] == (10, 0)


def logged(path: Path, *, after: int = 0) -> list[int]:
    log = WriteAheadLog(f"{path}-ahead", list[Batch])
    numbers = [number for number, _ in log.after(after)]
    log.close()
    return numbers


def test_what_is_acknowledged_is_in_the_log_and_not_yet_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    exchange = world(path=str(path))
    account = funded(exchange)
    before = len(logged(path))

    order, _ = exchange.place(account, "spot", limit("BUY", "1", "49000"))

    assert len(logged(path)) == before + 1
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM orders").fetchone() == (0,)
    exchange.take_up()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT order_id FROM orders").fetchall() == [(order.order_id,)]


@given(cut=st.integers(min_value=0, max_value=400))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_log_that_was_cut_off_gives_whole_calls_up_to_there(tmp_path: Path, cut: int) -> None:
    with TemporaryDirectory(dir=tmp_path) as folder:
        path = Path(folder) / "exchange.db"
        exchange = world(path=str(path))
        account = funded(exchange)
        for price in ("49000", "49001", "49002"):
            exchange.place(account, "spot", limit("BUY", "1", price))
        killed = as_if_killed(path)
        log = Path(f"{killed}-ahead")
        log.write_bytes(log.read_bytes()[:-cut] if cut else log.read_bytes())

        again = reopened(killed, FeedOfBars(DEFAULT), exchange.now_ms())

        resting = [int(order.price) for order in again.open_orders(account, "spot", None)]
        assert resting == [49000, 49001, 49002][: len(resting)]
        assert bool(cut) == (len(resting) < 3)
        held = again.balances(account, "spot")["USDT"][1]
        assert held == sum(resting)


def test_a_log_behind_or_beyond_the_file_is_not_taken_up_twice_nor_with_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    exchange, accounts = busy(str(path))
    killed = as_if_killed(path)
    log = Path(f"{killed}-ahead").read_bytes()
    once = shown(reopened(killed, exchange.feed, exchange.now_ms()), accounts)  # type: ignore[arg-type]

    Path(f"{killed}-ahead").write_bytes(
        log
    )  # as if killed after the file had taken it up, before it began anew

    assert shown(reopened(killed, exchange.feed, exchange.now_ms()), accounts) == once  # type: ignore[arg-type]
    Path(f"{killed}-ahead").write_bytes(log)
    assert logged(killed, after=logged(path)[0] - 3) == []


LIVING = """
import sys
from tests.paper.worlds import at_market, funded, world
exchange = world(path=sys.argv[1])
account = funded(exchange)
while True:
    order, _ = exchange.place(account, "spot", at_market("BUY", "0.001"))
    exchange.advance(1000)
    print(order.order_id, order.executed, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 17, 40])
def test_a_process_killed_at_work_has_lost_nothing_it_acknowledged(tmp_path: Path, acknowledged: int) -> None:
    path, root = tmp_path / "exchange.db", Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", LIVING, str(path)], stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert process.stdout is not None
    with process:
        told = [process.stdout.readline().split() for _ in range(acknowledged)]
        process.kill()

    store = Store(path)
    kept = {str(order.order_id): str(order.executed) for order in store.orders("1", "spot", None)}
    assert all(kept[order_id] == executed for order_id, executed in told)
    sums: dict[str, Decimal] = {}
    for _, _, _, _, asset, amount in store.entries():
        sums[asset] = sums.get(asset, D(0)) + amount
    assert not any(sums.values())
    state = store.meta("clock")
    assert state is not None
    reopened(path, FeedOfBars(DEFAULT), PaperClock.restored(state).now_ms())


@pytest.mark.parametrize(
    ("record", "columns"),
    [
        (OrderRecord, schema.ORDER_COLUMNS),
        (TradeRecord, schema.TRADE_COLUMNS),
        (PositionRecord, schema.POSITION_COLUMNS),
        (IncomeRecord, schema.INCOME_COLUMNS),
    ],
)
def test_fields_stand_in_the_order_of_the_columns(record: type, columns: str) -> None:
    fields = [field.name for field in msgspec.structs.fields(record)]

    assert fields == columns.split(", ")

"""A journal that is lost is made anew from what the exchange recorded, and trading goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import atapi
from atapi.desk import Desk
from atapi.domain.spreads import Spread, SpreadState
from atapi.errors import Refused, StorageError

D = Decimal


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with connected(tmp_path) as opened:
        yield opened


def connected(home: Path) -> Desk:
    return atapi.connect("paper", home=home, seed=7, at="2026-01-01T00:00:00Z")


def spreads(desk: Desk) -> list[Spread]:
    return desk.services.spreads.executor.spreads()


def journal_of(desk: Desk) -> Path:
    return desk.services.spreads.executor.journal.path


def delete(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def test_a_deleted_journal_forbids_new_risk_until_it_is_rebuilt(desk: Desk) -> None:
    desk.open_spread("ETHUSDT", "1000usdt")
    desk.close_spread("ETHUSDT")
    desk.open_spread("BTCUSDT", "1000usdt")
    desk.open_spread("BTCUSDT", "1000usdt", add=True)
    before = spreads(desk)[-1]
    path = journal_of(desk)
    desk.services.spreads.executor.close()
    delete(path)
    with pytest.raises(Refused, match="not in the journal"):
        desk.open_spread("BTCUSDT", "1000usdt")

    said = desk.services.rebuild.run()

    [after] = spreads(desk)
    assert set(after.fills) == set(before.fills)
    assert (after.symbol, after.state) == ("BTCUSDT", SpreadState.HEDGED)
    assert said == [
        f"BTCUSDT: a spread since 2026-01-01 00:00: spot {before.spot_quantity}, perp {before.perp_quantity}, 4 trades"
    ]
    assert desk.services.reconcile.findings() == []
    desk.open_spread("BTCUSDT", "1000usdt", add=True)  # its ids are new ones
    assert desk.close_spread("BTCUSDT")["state"].tolist() == ["FLAT"]


def test_a_damaged_journal_is_put_aside_and_not_deleted(tmp_path: Path) -> None:
    with connected(tmp_path) as desk:
        desk.open_spread("BTCUSDT", "1000usdt")
        path = journal_of(desk)
        [before] = spreads(desk)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE fill SET quantity='9' WHERE leg='p'")
    db.close()

    with connected(tmp_path) as desk:
        with pytest.raises(StorageError, match="is not what was written") as refusal:
            desk.services.rebuild.table()
        assert refusal.value.hint is not None
        assert refusal.value.hint.startswith("journal rebuild")
        desk.services.rebuild.run()
        [after] = spreads(desk)

    assert set(after.fills) == set(before.fills)
    assert path.with_name("journal-1.db").exists()


def test_positions_that_are_not_ours_are_left_alone(desk: Desk) -> None:
    order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
    desk.services.spreads.futures.link.request("POST", "/fapi/v1/order", order, signed=True)  # type: ignore[attr-defined]

    said = desk.services.rebuild.run()

    assert said == ["ETHUSDT: no order of ours had a part in its position; it is left alone"]
    assert spreads(desk) == []


def test_what_is_not_explained_is_said(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt")
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1"}
    desk.services.spreads.futures.link.request("POST", "/fapi/v1/order", order, signed=True)  # type: ignore[attr-defined]

    [said] = desk.services.rebuild.run()

    assert said.endswith("; -0.1 of the position is not explained")


def test_the_journal_says_what_it_holds(desk: Desk) -> None:
    assert desk.services.rebuild.table().empty == "no journal yet: the first order makes one"

    desk.open_spread("BTCUSDT", "1000usdt")

    facts = dict(desk.services.rebuild.table().rows)
    assert facts["spreads"] == "1"
    assert facts["unfinished"] == "0"


def test_what_the_exchange_closed_itself_is_found_again(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    assert desk.services.paper is not None
    desk.services.paper.faults.add(["adl", "BTCUSDT", "side=SHORT", "quantity=0.1"])
    path = journal_of(desk)
    desk.services.spreads.executor.close()
    delete(path)

    desk.services.rebuild.run()

    [spread] = spreads(desk)
    assert spread.perp_quantity == D("-0.115")
    assert spread.spot_quantity > D("0.2")

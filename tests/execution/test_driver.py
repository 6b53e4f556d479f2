"""What the driver promises: nothing leaves before its row is durable, and a journal that fails stops everything."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atapi.clock import ManualClock
from atapi.domain.instruments import Market
from atapi.domain.market import Depth, Level
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest, OrderStatus
from atapi.domain.spreads import SpreadState
from atapi.errors import AtapiError, OutcomeUnknown, StorageError
from atapi.execution.effects import Attempt, Effect, Tell
from atapi.execution.executor import Executor, Transaction, recovery_engine
from atapi.execution.journal import Journal
from tests.execution.simulation import PAIR, PRICE
from tests.execution.test_journal import SPREAD
from tests.execution.world import OPEN
from tests.gates.recorded_io import Deed, recording

D = Decimal
AT = datetime(2026, 1, 1, tzinfo=UTC)


class OpenGate:
    """Lets everything pass."""

    def renew(self) -> None:
        pass

    def expect(self, journal: Journal, intent_id: int) -> None:
        pass

    def follow(self, attempt: Attempt) -> None:
        pass

    def admit(self, request: OrderRequest) -> None:
        pass

    def admit_change(self, amendment: Amendment) -> None:
        pass

    def adopt(self, fills: Iterable[Fill]) -> None:
        pass


@dataclass
class Filling:
    """A venue of both markets on which every order fills at once."""

    before: Callable[[OrderRequest], None] = lambda _: None  # called as an order arrives
    placed: list[OrderRequest] = field(default_factory=list)

    def place(self, request: OrderRequest) -> Order:
        self.before(request)
        self.placed.append(request)
        return Order(
            market=request.market, symbol=request.symbol, order_id=str(len(self.placed)),
            client_order_id=request.client_order_id, side=request.side, type=request.type,
            status=OrderStatus.FILLED, quantity=request.quantity, filled=request.quantity,
            quote_filled=request.quantity * PRICE, price=PRICE, reduce_only=request.reduce_only, created_at=AT,
            updated_at=AT,
        )  # fmt: skip

    def fills(self, symbol: str, *, order_id: str | None = None) -> list[Fill]:
        request = self.placed[int(order_id or 0) - 1]
        return [
            Fill(
                market=request.market, symbol=symbol, trade_id=str(order_id), order_id=str(order_id),
                side=request.side, price=PRICE, quantity=request.quantity, fee=D(0), fee_asset="USDT",
                realized=None, maker=False, at=AT,
            )
        ]  # fmt: skip

    def order(self, symbol: str, client_order_id: str) -> Order:
        raise AssertionError("nobody asks for what was answered")

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        raise AssertionError("nothing rests")

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        level = (Level(PRICE, D(100)),)
        return Depth(symbol=symbol, bids=level, asks=level)

    def countdown(self, symbol: str, seconds: int) -> None:
        raise AssertionError("nothing rests")


def executor_at(
    folder: Path,
    venue: Filling,
    *,
    begin: Callable[[], None] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Executor:
    return Executor(
        folder, binding={"network": "paper", "account": "1"}, seed=b"a host",
        venues={Market.SPOT: venue, Market.UM: venue}, switch=venue, gate=OpenGate(), clock=ManualClock(AT),
        tell=tell, begin=begin,
    )  # fmt: skip


def test_a_journal_begins_once_before_its_first_order(tmp_path: Path) -> None:
    sent: list[int] = []
    venue = Filling()
    executor = executor_at(tmp_path, venue, begin=lambda: sent.append(len(venue.placed)))

    assert executor.order_fills() == []  # asking makes no journal
    assert not executor.begun
    for _ in range(2):
        executor.open(PAIR, OPEN, at=AT)
    executor.close()
    executor_at(tmp_path, venue, begin=lambda: sent.append(len(venue.placed))).open(PAIR, OPEN, at=AT)

    assert sent == [0]
    assert executor_at(tmp_path, venue).order_fills() == []  # all of them are a spread's


def test_the_row_of_an_order_is_durable_before_it_arrives(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    def look(request: OrderRequest) -> None:
        with sqlite3.connect(tmp_path / "journal.db") as other:
            row = "SELECT state FROM attempt WHERE client_order_id=?"
            seen.append((request.market, *other.execute(row, (request.client_order_id,)).fetchone()))
        other.close()

    result = executor_at(tmp_path, Filling(look)).open(PAIR, OPEN, at=AT)

    assert result.outcome.state is SpreadState.HEDGED
    assert seen == [("um", "SENDING"), ("spot", "SENDING")]


def test_two_legs_wait_for_the_disk_twice(tmp_path: Path) -> None:
    syncs: list[int] = []
    with recording(tmp_path) as recorder:
        venue = Filling(lambda _: syncs.append(sum(s.deed is Deed.SYNC for s in recorder.steps)))
        executor = executor_at(tmp_path, venue)
        assert executor.journal.instance  # opened
        before = sum(s.deed is Deed.SYNC for s in recorder.steps)
        executor.open(PAIR, OPEN, at=AT)
        executor.close()

    assert [n - before for n in syncs] == [1, 2]  # as either order arrives


def test_a_journal_that_cannot_be_written_sends_nothing(tmp_path: Path) -> None:
    venue = Filling()
    executor = executor_at(tmp_path, venue)
    [pages] = executor.journal._db.execute("PRAGMA page_count").fetchone()
    executor.journal._db.execute(f"PRAGMA max_page_count={pages}")  # a full disk, to the page

    with pytest.raises(StorageError) as failed:
        executor.journal.note("alarm", {"text": "x" * 100_000})
    with pytest.raises(StorageError, match="was given up"):
        executor.open(PAIR, OPEN, at=AT)

    assert failed.value.exit_code == 4
    assert venue.placed == []


@pytest.mark.parametrize("deed", range(1, 40))
def test_a_disk_that_fails_at_any_point_stops_the_orders_after_it(tmp_path: Path, deed: int) -> None:
    venue = Filling()
    with recording(tmp_path) as recorder:
        executor = executor_at(tmp_path, venue)
        assert executor.journal.instance
        recorder.fail_at = recorder.deeds + deed
        failure = failure_of(executor)
        placed = list(venue.placed)
        recorder.fail_at = None  # the disk may be well again: nobody can know
        again = failure_of(executor)
        executor.close()

    if failure is not None:
        assert failure.exit_code == (3 if placed else 4)
        assert all(request.client_order_id in failure.message for request in placed)
        assert again is not None
        assert "was given up" in again.message
        assert venue.placed == placed
    journal = Journal(tmp_path / "journal.db", {"network": "paper", "account": "1"}, seed=b"a host")
    known = {a.request.client_order_id for i in (1, 2) for a in journal.attempts(i)}
    journal.close()
    assert {request.client_order_id for request in venue.placed} <= known


def interrupted_twice(*_: object) -> None:
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_second_ctrl_c_says_what_it_leaves(tmp_path: Path) -> None:
    executor = executor_at(tmp_path, Filling(interrupted_twice))

    with pytest.raises(
        OutcomeUnknown, match=r"one leg without the other: SELL 30 BTCUSDT on um \(at-"
    ) as told:
        executor.open(PAIR, OPEN, at=AT)

    assert told.value.hint == "spreads: finds out how it ended, and goes on from there"


def test_a_second_ctrl_c_before_any_order_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenGate, "expect", interrupted_twice)

    with pytest.raises(KeyboardInterrupt):
        executor_at(tmp_path, Filling()).open(PAIR, OPEN, at=AT)


def failure_of(executor: Executor) -> AtapiError | None:
    try:
        executor.open(PAIR, OPEN, at=AT)
    except AtapiError as e:
        return e
    return None


def test_a_single_order_that_was_cut_short_is_ended_by_its_engine(tmp_path: Path) -> None:
    said: list[str] = []
    executor = executor_at(tmp_path, Filling(), tell=said.append)
    executor.journal.create_intent(None, "order", {}, AT)

    def engine(of: Transaction) -> Generator[Effect, Any, str]:
        assert of.resumed
        yield Tell("asked")
        return "ended"

    [(intent, outcome)] = executor.recover(lambda _: engine)

    assert (intent.kind, outcome) == ("order", "ended")
    assert said == ["order intent 1: order was cut short; finding out how it ended", "asked"]
    assert executor.recover(lambda _: engine) == []
    executor.close()


def test_an_opening_that_was_cut_short_takes_no_new_risk(tmp_path: Path) -> None:
    venue = Filling()
    executor = executor_at(tmp_path, venue)
    spread_id = executor.journal.create_spread(SPREAD)
    executor.journal.create_intent(spread_id, "open", OPEN.as_text(), AT)

    [(_, outcome)] = executor.recover(lambda intent: recovery_engine(intent, PAIR))

    assert outcome.state is SpreadState.FLAT
    assert venue.placed == []
    executor.close()

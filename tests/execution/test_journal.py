"""The journal keeps what it promised, and refuses to be traded on when it cannot be trusted."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.errors import StorageError
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.journal import Journal

D = Decimal
AT = datetime(2026, 1, 1, 8, tzinfo=UTC)
BINDING = {"network": "paper", "account": "1"}
SPREAD = Spread(
    spread_id=0,
    symbol="BTCUSDT",
    spot_symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    multiplier=D(1),
    state=SpreadState.PLANNED,
    tag="first",
    created_at=AT,
)
SENDING = Attempt(
    intent_id=1,
    leg=LegName.PERP_ENTRY,
    number=1,
    state=AttemptState.SENDING,
    request=OrderRequest(
        market=Market.UM,
        symbol="BTCUSDT",
        side=Side.SELL,
        type=OrderType.LIMIT,
        quantity=D("0.0140"),
        price=D("67000.10"),
        time_in_force=TimeInForce.IOC,
        client_order_id="at-test-aaaaaaaaaaaabp1",
    ),
)
FILL = Fill(
    market=Market.UM,
    symbol="BTCUSDT",
    trade_id="7",
    order_id="42",
    side=Side.SELL,
    price=D("67000.10"),
    quantity=D("0.014"),
    fee=D("0.46900070"),
    fee_asset="USDT",
    realized=D(0),
    maker=False,
    at=AT,
)


def opened(path: Path) -> Journal:
    journal = Journal(path, BINDING)
    spread_id = journal.create_spread(SPREAD)
    journal.create_intent(spread_id, "open", {"quantity": "0.014"}, AT)
    return journal


def test_what_was_written_is_read_back_exactly_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    done = replace(SENDING, state=AttemptState.FILLED, order_id="42", executed=D("0.014"), net=D("0.014"))
    journal = opened(path)
    journal.write_attempt(SENDING)
    journal.write_attempt(done)
    journal.write_fills(1, LegName.PERP_ENTRY, (FILL, FILL))
    journal.write_state(1, SpreadState.SPOT_OPEN, "")
    journal.close()

    again = Journal(path, BINDING)

    assert again.attempts(1) == [done]
    assert again.spread(1) == replace(
        SPREAD, spread_id=1, state=SpreadState.SPOT_OPEN, fills=((LegName.PERP_ENTRY, FILL),)
    )
    assert again.open_intents() == [(1, 1, "open", {"quantity": "0.014"})]


def test_a_finished_intent_is_no_longer_open(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")

    journal.finish_intent(1)

    assert journal.open_intents() == []


def test_a_committed_attempt_survives_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.execution.test_journal import SENDING, opened\n"
        "opened(Path(sys.argv[1])).write_attempt(SENDING)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=False, cwd=Path(__file__).parents[2]
    )

    assert ended.returncode == -signal.SIGKILL
    assert Journal(path, BINDING).attempts(1) == [SENDING]


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    opened(tmp_path / "journal.db").close()

    assert os.stat(tmp_path / "journal.db").st_mode & 0o777 == 0o600


def test_a_journal_of_another_account_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "journal.db").close()

    with pytest.raises(StorageError, match="belongs to account 1, network paper"):
        Journal(tmp_path / "journal.db", {"network": "mainnet", "account": "1"})


def test_a_journal_of_a_newer_version_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value='9' WHERE name='version'")
    db.close()

    with pytest.raises(StorageError, match="version 9, this atapi knows 1"):
        Journal(path, BINDING)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE event SET body='{}' WHERE seq=2",
        "DELETE FROM event WHERE seq=2",
        "INSERT INTO event (kind, body, chain) VALUES ('fill', '{}', 'made up')",
    ],
)
def test_an_edited_history_is_noticed(tmp_path: Path, edit: str) -> None:
    path = tmp_path / "journal.db"
    opened(path).close()
    with sqlite3.connect(path) as db:
        db.execute(edit)
    db.close()

    with pytest.raises(StorageError, match="damaged"):
        Journal(path, BINDING)


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)

    with pytest.raises(StorageError, match="cannot be used"):
        Journal(path, BINDING)


def test_a_full_disk_refuses_the_write_and_keeps_what_was_there(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count={pages}")
    long = replace(SENDING, reason="x" * 100_000)

    with pytest.raises(StorageError, match="cannot be written"):
        journal.write_attempt(long)

    assert journal.attempts(1) == []

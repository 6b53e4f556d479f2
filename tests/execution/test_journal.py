"""The journal keeps what it promised, and refuses to be traded on when it cannot be trusted."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from atapi.domain.instruments import Market
from atapi.domain.margin import Interest
from atapi.domain.orders import Fill, OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.errors import StorageError
from atapi.execution import journal_check
from atapi.execution import journal_schema as schema
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.journal import Journal
from atapi.execution.journal_rows import Intent

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


VERSION_1 = """
CREATE TABLE attempt (
    client_order_id TEXT PRIMARY KEY, intent_id INTEGER NOT NULL REFERENCES intent, leg TEXT NOT NULL,
    number INTEGER NOT NULL, market TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL,
    quantity TEXT NOT NULL, price TEXT, time_in_force TEXT, reduce_only INTEGER NOT NULL, state TEXT NOT NULL,
    order_id TEXT, executed TEXT NOT NULL, net TEXT NOT NULL, reason TEXT NOT NULL, reason_code INTEGER,
    UNIQUE (intent_id, leg, number));
INSERT INTO "attempt" VALUES('at-test-aaaaaaaaaaaabp1',1,'p',1,'um','BTCUSDT','SELL','LIMIT','0.0140','67000.10','IOC',0,'SENDING',NULL,'0','0','',NULL);
CREATE TABLE event (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, chain TEXT NOT NULL);
INSERT INTO "event" VALUES(1,'created','{"account": "1", "network": "paper"}','033809bbcd0e290ad61a502aceaca1a2040ed22666a9fe22291253eccddeac44');
INSERT INTO "event" VALUES(2,'spread','{"id": 1, "state": "PLANNED", "symbol": "BTCUSDT"}','db73591487a48c14e3c72e3f9dcf6e3be5c21ad679037f24a857d5462b140249');
INSERT INTO "event" VALUES(3,'intent','{"id": 1, "kind": "open", "spread": 1, "terms": {"quantity": "0.014"}}','7a6c688928741ab83f96167715f23fa9879122eef3eca0a38cfae88f51ff690c');
INSERT INTO "event" VALUES(4,'attempt','{"executed": "0", "id": "at-test-aaaaaaaaaaaabp1", "quantity": "0.0140", "reason": "", "side": "SELL", "state": "SENDING"}','f1753324232f799756b0497254cb6eb5ec774edcbf3db02b8ccb9ea1082f0cca');
CREATE TABLE fill (
    market TEXT NOT NULL, symbol TEXT NOT NULL, trade_id TEXT NOT NULL, intent_id INTEGER NOT NULL REFERENCES intent,
    leg TEXT NOT NULL, order_id TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,
    fee TEXT NOT NULL, fee_asset TEXT NOT NULL, realized TEXT, maker INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (market, symbol, trade_id));
CREATE TABLE intent (
    intent_id INTEGER PRIMARY KEY, spread_id INTEGER NOT NULL REFERENCES spread, kind TEXT NOT NULL,
    terms TEXT NOT NULL, done INTEGER NOT NULL, created_ms INTEGER NOT NULL);
INSERT INTO "intent" VALUES(1,1,'open','{"quantity": "0.014"}',0,1767254400000);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "meta" VALUES('version','1');
INSERT INTO "meta" VALUES('network','paper');
INSERT INTO "meta" VALUES('account','1');
CREATE TABLE spread (
    spread_id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, spot_symbol TEXT NOT NULL, base_asset TEXT NOT NULL,
    quote_asset TEXT NOT NULL, multiplier TEXT NOT NULL, state TEXT NOT NULL, tag TEXT NOT NULL,
    created_ms INTEGER NOT NULL);
INSERT INTO "spread" VALUES(1,'BTCUSDT','BTCUSDT','BTC','USDT','1','PLANNED','first',1767254400000);
"""  # a journal as version 1 wrote it


def opened(path: Path) -> Journal:
    journal = Journal(path, BINDING, seed=b"test")
    spread_id = journal.create_spread(SPREAD)
    journal.create_intent(spread_id, "open", {"quantity": "0.014"}, AT)
    return journal


def test_what_was_written_is_read_back_exactly_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    done = replace(SENDING, state=AttemptState.FILLED, order_id="42", executed=D("0.014"), net=D("0.014"))
    journal = opened(path)
    journal.write_attempt(SENDING, AT)
    journal.write_attempt(done, AT)
    journal.write_fills(1, LegName.PERP_ENTRY, (FILL, FILL))
    journal.write_state(1, SpreadState.SPOT_OPEN, "")
    journal.close()

    again = Journal(path, BINDING, seed=b"test")

    assert again.attempts(1) == [done]
    assert again.spread(1) == replace(
        SPREAD, spread_id=1, state=SpreadState.SPOT_OPEN, fills=((LegName.PERP_ENTRY, FILL),)
    )
    [intent] = again.open_intents()
    assert intent == Intent(intent_id=1, spread_id=1, kind="open", terms={"quantity": "0.014"}, created_at=AT)


def test_a_finished_intent_is_no_longer_open(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")

    journal.finish_intent(1)

    assert journal.open_intents() == []


def test_a_committed_attempt_survives_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.execution.test_journal import AT, SENDING, opened\n"
        "opened(Path(sys.argv[1])).write_attempt(SENDING, AT)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=False, cwd=Path(__file__).parents[2]
    )

    assert ended.returncode == -signal.SIGKILL
    assert Journal(path, BINDING, seed=b"test").attempts(1) == [SENDING]


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    opened(tmp_path / "journal.db").close()

    assert os.stat(tmp_path / "journal.db").st_mode & 0o777 == 0o600


def test_a_journal_of_another_account_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "journal.db").close()

    with pytest.raises(StorageError, match="belongs to account 1, network paper"):
        Journal(tmp_path / "journal.db", {"network": "mainnet", "account": "1"}, seed=b"test")


def test_a_journal_of_a_newer_version_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value='9' WHERE name='version'")
    db.close()

    with pytest.raises(StorageError, match="version 9, this atapi knows 2"):
        Journal(path, BINDING, seed=b"test")


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE event SET body='{}' WHERE seq=2",
        "UPDATE event SET seq=99 WHERE seq=(SELECT max(seq) FROM event)",
        "DELETE FROM event WHERE seq=2",
        "INSERT INTO event (kind, body, chain) VALUES ('fill', '{}', 'made up')",
        "UPDATE intent SET done=1",
        "UPDATE spread SET multiplier='10'",
        "DELETE FROM intent",
        "INSERT INTO spread SELECT 2, symbol, spot_symbol, base_asset, quote_asset, multiplier, state, tag,"
        " created_ms, reverse FROM spread",
    ],
)
def test_an_edited_journal_is_noticed(tmp_path: Path, edit: str) -> None:
    path = tmp_path / "journal.db"
    opened(path).close()
    with sqlite3.connect(path) as db:
        db.execute(edit)
    db.close()

    with pytest.raises(StorageError, match="will not be traded on"):
        Journal(path, BINDING, seed=b"test")


def test_a_check_sees_one_moment_while_another_process_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = opened(tmp_path / "journal.db")
    read_rows = journal_check._stored

    def after_another_write(db: sqlite3.Connection) -> journal_check.Rows:
        writer.create_intent(None, "order", {}, AT)  # after the chain was read, before the rows are
        return read_rows(db)

    monkeypatch.setattr(journal_check, "_stored", after_another_write)

    reader = Journal(tmp_path / "journal.db", BINDING, seed=b"test")

    assert len(reader.open_intents()) == 2


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)

    with pytest.raises(StorageError, match="cannot be used"):
        Journal(path, BINDING, seed=b"test")


def test_a_full_disk_refuses_the_write_and_keeps_what_was_there(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count={pages}")
    long = replace(SENDING, reason="x" * 100_000)

    with pytest.raises(StorageError, match="cannot be written"):
        journal.write_attempt(long, AT)

    assert journal.attempts(1) == []


def test_a_journal_of_version_1_is_brought_up_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as db:
        db.executescript(VERSION_1)
    db.close()

    journal = Journal(path, BINDING, seed=b"another")

    assert journal.instance == "dyoo"  # what version 1 made its ids with
    assert [i.spread_id for i in journal.open_intents()] == [1]
    assert journal.attempts(1) == [SENDING]
    assert journal.spread(1) == replace(SPREAD, spread_id=1)
    intent_id = journal.create_intent(None, "order", {}, AT)
    assert (intent_id, journal.intent(intent_id).spread_id) == (2, None)
    journal.close()
    Journal(path, BINDING, seed=b"another").close()  # sound


def test_a_single_order_belongs_to_no_spread(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")
    intent_id = journal.create_intent(None, "order", {}, AT)
    journal.write_fills(intent_id, LegName.ORDER, (FILL,))

    assert journal.spread(1).fills == ()
    assert journal.order_fills() == [(LegName.ORDER, FILL)]


def test_live_attempts_are_those_whose_end_is_unknown(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")
    resting = replace(SENDING, state=AttemptState.RESTING)
    journal.write_attempt(SENDING, AT)
    assert journal.live_attempts() == [SENDING]
    journal.write_attempt(resting, AT + timedelta(seconds=1))

    assert journal.live_attempts() == [resting]
    assert journal.attempt(SENDING.request.client_order_id) == resting
    assert journal.attempt("at-test-none") is None
    assert journal.attempts_since(AT) == [(resting, AT)]  # the time of the first writing
    assert journal.attempts_since(AT + timedelta(seconds=1)) == []


def test_notes_are_kept_in_order(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")
    journal.note("alarm", {"spread": 1, "what": "adl"})
    journal.note("policy", {"spread": 1})
    journal.note("alarm", {"spread": 2})

    assert journal.notes("alarm") == [{"spread": 1, "what": "adl"}, {"spread": 2}]


def test_interest_is_part_of_the_spread_that_owes_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, BINDING, seed=b"test")
    for _ in range(2):
        journal.create_spread(replace(SPREAD, reverse=True))
    coins = Interest(
        owed_asset="BTC", asset="BTC", amount=D("0.00000023"), principal=D("0.021"), on_borrow=True, at=AT,
        interest_id="7",
    )  # fmt: skip
    in_bnb = replace(coins, asset="BNB", amount=D("0.0001"), on_borrow=False, interest_id="8")
    journal.write_interest(2, [coins, in_bnb])
    journal.close()

    again = Journal(path, BINDING, seed=b"test")

    assert again.interest(2) == [coins, in_bnb]
    assert again.interest(1) == []
    assert [s.interest for s in again.spreads()] == [0, D("0.00000023")]
    assert again.spread(2).delta == -D("0.00000023")  # what BNB paid is owed no more


def test_a_file_that_miscounts_its_own_pages_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path).close()
    with open(path, "r+b") as file:
        file.seek(36)  # how many pages are free: https://www.sqlite.org/fileformat2.html#the_database_header
        file.write(b"\x00\x00\x00\x05")

    with pytest.raises(StorageError, match="the file is damaged"):
        Journal(path, BINDING, seed=b"a host")


def test_two_that_make_a_journal_at_once_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, look = tmp_path / "journal.db", schema.version
    looked: list[int | None] = []

    def overtaken(db: sqlite3.Connection) -> int | None:
        found = look(db)
        looked.append(found)
        if len(looked) == 1:  # another one makes it right after the first look
            Journal(path, BINDING, seed=b"another").close()
        return found

    monkeypatch.setattr(schema, "version", overtaken)
    journal = Journal(path, BINDING, seed=b"this")

    assert looked[0] is None
    assert looked[-1] == schema.VERSION
    assert journal.create_spread(SPREAD) == 1

"""Deeds become durable each by itself or together, and a failure ends them all."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from atapi.domain.spreads import SpreadState
from atapi.errors import StorageError
from atapi.execution.journal import Journal
from tests.execution.test_journal import AT, BINDING, SPREAD


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.db", BINDING, seed=b"a host")
    yield journal
    journal.close()


def durable(journal: Journal, kind: str) -> int:
    """Count the events of a kind that another process would find."""
    other = sqlite3.connect(journal._path)
    [count] = other.execute("SELECT count(*) FROM event WHERE kind=?", (kind,)).fetchone()
    other.close()
    return int(count)


def test_deeds_that_are_held_become_durable_together(journal: Journal) -> None:
    with journal.held():
        journal.note("alarm", {})
        with journal.held():
            journal.note("alarm", {})
        assert durable(journal, "alarm") == 0
        journal.flush()
        assert durable(journal, "alarm") == 2
        journal.note("alarm", {})

    assert durable(journal, "alarm") == 3


def test_what_was_learned_is_kept_when_the_user_gives_up(journal: Journal) -> None:
    def given_up() -> None:
        with journal.held():
            journal.note("alarm", {})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        given_up()

    assert durable(journal, "alarm") == 1
    journal.note("alarm", {})


def test_another_thread_s_deed_is_durable_at_once_and_takes_what_is_held_along(journal: Journal) -> None:
    with journal.held():
        journal.note("alarm", {})
        other = threading.Thread(target=journal.note, args=("policy", {}))
        other.start()
        other.join()

        assert (durable(journal, "alarm"), durable(journal, "policy")) == (1, 1)
        journal.note("alarm", {})

    assert durable(journal, "alarm") == 2


def test_a_deed_that_fails_takes_what_was_held_with_it_and_nothing_is_written_after(journal: Journal) -> None:
    def failing() -> None:
        with journal.held():
            journal.create_spread(SPREAD)
            with pytest.raises(TypeError):
                journal.note("alarm", {"text": object()})
            journal.flush()

    with pytest.raises(StorageError, match="was given up: Object of type object is not JSON"):
        failing()

    assert journal.spreads() == []
    with pytest.raises(StorageError, match="was given up"):
        journal.note("alarm", {})


def test_a_deed_that_fails_alone_leaves_the_journal_usable(journal: Journal) -> None:
    with pytest.raises(TypeError):
        journal.note("alarm", {"text": object()})

    spread_id = journal.create_spread(SPREAD)
    journal.write_state(spread_id, SpreadState.HEDGED, "")
    assert journal.create_intent(spread_id, "open", {}, AT) == 1


def test_a_journal_that_is_locked_by_another_refuses_and_keeps_the_disk_s_words(journal: Journal) -> None:
    journal._db.execute("PRAGMA busy_timeout=0")
    other = sqlite3.connect(journal._path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StorageError, match="cannot be written: database is locked"):
        journal.note("alarm", {})

    other.execute("ROLLBACK")
    other.close()


def test_a_flush_of_nothing_does_nothing(journal: Journal) -> None:
    journal.flush()

    assert durable(journal, "alarm") == 0

"""The power-cut gate on a few images: it passes, and it sees a loss where there is one."""

from __future__ import annotations

from tests.gates.power_cuts import PARTS, cut, damage


def test_a_cut_takes_nothing_that_was_acknowledged() -> None:
    assert set(cut(seed=7, images=100)) == {"kept"}


def test_without_full_syncs_a_cut_takes_acknowledged_rows() -> None:
    found = cut(7, 60, "NORMAL")

    assert found["earlier"]
    assert set(found) <= {"kept", "earlier", "refused"}


def test_a_damaged_database_is_refused_or_holds_what_it_held() -> None:
    found = damage(7, "journal.db", every=53, part=0) + damage(7, "journal.db", every=53, part=PARTS - 1)

    assert found["refused"]
    assert set(found) <= {"kept", "refused"}


def test_a_damaged_log_never_gives_what_was_not_written() -> None:
    assert set(damage(7, "journal.db-wal", every=211, part=0)) <= {"kept", "refused", "earlier"}

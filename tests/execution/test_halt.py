from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from atapi.errors import Refused, StorageError
from atapi.execution.day_loss import DayLoss
from atapi.execution.halt import KillSwitch
from tests.fakes import D

AT = datetime(2026, 1, 1, 7, 12, 30, tzinfo=UTC)


@pytest.fixture
def switch(tmp_path: Path) -> KillSwitch:
    return KillSwitch(tmp_path / "paper" / "world", tmp_path)


def test_nothing_stands_at_first(switch: KillSwitch) -> None:
    assert switch.standing() is None


def test_what_one_pulls_another_sees(switch: KillSwitch, tmp_path: Path) -> None:
    switch.pull("by hand", AT)

    halt = KillSwitch(tmp_path / "paper" / "world", tmp_path).standing()

    assert halt is not None
    assert halt.refusal().message == "trading is halted since 07:12 UTC: by hand"
    assert (tmp_path / "paper" / "world" / "HALT").stat().st_mode & 0o777 == 0o600


def test_a_stop_that_stands_keeps_its_reason(switch: KillSwitch) -> None:
    switch.pull("day loss 3.0% over 2.0%", AT)

    assert switch.pull("by hand", AT.replace(hour=9)).why == "day loss 3.0% over 2.0%"


def test_it_is_lifted_for_good(switch: KillSwitch) -> None:
    switch.pull("by hand", AT)

    switch.release()

    assert switch.standing() is None
    switch.release()  # nothing stands: nothing to do


@pytest.mark.parametrize("text", ["", "audit at noon", "2026-99-99 audit"])
def test_an_empty_or_scribbled_file_stops_as_well(switch: KillSwitch, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "paper" / "world"
    folder.mkdir(parents=True)
    (folder / "HALT").write_text(text)

    halt = switch.standing()

    assert halt is not None
    assert halt.why == (text or f"file {folder / 'HALT'}")


def test_a_file_of_the_home_stops_every_account_until_its_maker_removes_it(
    switch: KillSwitch, tmp_path: Path
) -> None:
    (tmp_path / "HALT").write_text("exchange maintenance\n")

    with pytest.raises(Refused, match="exchange maintenance") as caught:
        switch.release()

    assert caught.value.hint == f"rm {tmp_path / 'HALT'}"
    assert switch.standing() is not None


def test_a_thing_that_cannot_be_read_lifts_nothing(switch: KillSwitch, tmp_path: Path) -> None:
    (tmp_path / "HALT").mkdir()

    halt = switch.standing()

    assert halt is not None
    assert "cannot be read" in halt.why


def test_the_loss_is_measured_from_the_first_worth_of_the_day(tmp_path: Path) -> None:
    worths = [("100", 8), ("97", 9), ("98", 10), ("103", 11)]

    losses = [DayLoss(tmp_path).measure(D(worth), AT.replace(hour=hour)) for worth, hour in worths]

    assert losses == [0, D("0.03"), D("0.02"), 0]
    assert DayLoss(tmp_path).measure(D(50), AT.replace(day=2)) == 0  # another day begins at what it finds


def test_a_loss_can_be_counted_from_now(tmp_path: Path) -> None:
    day = DayLoss(tmp_path)
    day.measure(D(100), AT)
    day.begin_anew()

    assert day.measure(D(50), AT) == 0


def test_what_was_remembered_and_is_damaged_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "day").write_text("2026-01-01 1e5")

    with pytest.raises(StorageError, match="cannot be read"):
        DayLoss(tmp_path).measure(D(100), AT)

"""watch: frames one after the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atapi.errors import RateLimited, UsageError, VenueUnreachable
from atapi.shell.registry import Command, command
from tests.shell.demo import Session

FRAME = "# 2026-01-01T00:00:00Z\ntime              symbol   rate_bp\n2026-01-01 00:00  BTCUSDT    -0.50\n"


@pytest.mark.parametrize(
    "line", ["watch --every 1ms --count 3 rates --last 1", "watch --count=3 --every=1ms rates --last=1"]
)
def test_each_frame_stands_under_the_venues_time(session: Session, line: str) -> None:
    code, out, err = session.run(line)

    assert (code, out) == (0, FRAME * 3)
    assert err == "made up\n"  # a note is said again only when it changes


def test_json_frames_are_one_line_each(session: Session) -> None:
    out = session.out("watch --every 1ms --count 2 rates --last 2 --json")

    frames = [json.loads(line) for line in out.splitlines()]
    assert [[row["rate_bp"] for row in frame] for frame in frames] == [[-0.5, 0.5]] * 2


def test_a_table_option_watches_too(session: Session) -> None:
    out = session.out("rates --last 1 -w 1ms BTCUSDT | head -6")

    assert out == FRAME * 2


def test_frames_reach_a_file(session: Session, tmp_path: Path) -> None:
    session.out(f"watch --every 1ms --count 2 rates --last 1 > {tmp_path / 'frames'}")

    assert (tmp_path / "frames").read_text() == FRAME * 2


def test_a_venue_that_is_away_for_a_while_ends_nothing(tmp_path: Path) -> None:
    session = Session(tmp_path, commands=(flaky(VenueUnreachable("no answer"), RateLimited("slow down")),))

    code, out, err = session.run("watch --every 1ms --count 3 flaky")

    assert (code, out.splitlines()[1:]) == (0, ["up"])
    assert err.splitlines() == ["error: no answer", "error: slow down"]


def test_a_venue_that_is_away_at_the_last_frame_is_a_failure(tmp_path: Path) -> None:
    session = Session(tmp_path, commands=(flaky(*[VenueUnreachable("no answer")] * 2),))

    code, out, err = session.run("watch --every 1ms --count 2 flaky")

    assert (code, out, err) == (6, "", "error: no answer\n" * 2)


def test_any_other_failure_ends_it(tmp_path: Path) -> None:
    session = Session(tmp_path, commands=(flaky(UsageError("never")),))

    assert session.err("watch flaky") == ["error: never"]


def test_what_shows_nothing_is_refused(session: Session) -> None:
    assert session.err("watch quit") == ["error: watch refuses quit: it shows nothing that changes"]
    assert session.err("watch watch rates") == ["error: watch refuses watch: it shows nothing that changes"]
    assert session.err("rates -w --out x.csv") == ["error: --watch and --out exclude each other"]


def flaky(*errors: Exception) -> Command:
    left = list(errors)

    @command("flaky", group="Shell", examples=("flaky",))
    def run(context: object, args: object) -> str:
        """Fail for a while."""
        if left:
            raise left.pop(0)
        return "up"

    return run

"""servertime as typed."""

from __future__ import annotations

import json

from tests.fakes import utc
from tests.shell.commands.desk import Desk


def test_servertime_is_one_utc_timestamp(desk: Desk) -> None:
    desk.spot.now = utc("2026-01-01T08:30")

    assert desk.type("servertime").out == "2026-01-01T08:30:00.000Z\n"


def test_servertime_as_json_is_a_table_like_any_other(desk: Desk) -> None:
    desk.spot.now = utc("2026-01-01")

    assert json.loads(desk.type("servertime --json").out) == [{"server_time": "2026-01-01T00:00:00Z"}]


def test_servertime_of_all_apis_has_offsets(desk: Desk) -> None:
    rows = json.loads(desk.type("servertime --all --json").out)

    assert [(row["api"], row["offset_ms"], row["rtt_ms"]) for row in rows] == [
        ("spot", 0, 1),
        ("futures", 0, 1),
    ]

"""A carry trade on recorded markets: what the exchange paid is what the files say, derived without the package."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.recordings import DATA, needs_recordings

D = Decimal
HOUR_MS = 3_600_000
OPENED = datetime(2021, 2, 1, tzinfo=UTC)
CLOSED = datetime(2021, 3, 3, tzinfo=UTC)


def shell(home: Path, *lines: str) -> list[str]:
    """Run a script on the recorded feed with its clock at the opening, and split its JSON lines."""
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "atapi",
            "--home",
            str(home),
            "--feed",
            f"replay:{DATA}",
            "--at",
            OPENED.isoformat(),
        ],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def rows_of(text: list[str]) -> list[list[dict[str, object]]]:
    """Read the JSON arrays a script printed, numbers as exact decimals."""
    decoder = json.JSONDecoder(parse_float=D, parse_int=D)
    rest, found = "\n".join(text).strip(), []
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def recorded(pattern: str) -> list[dict[str, str]]:
    assert DATA is not None
    rows: list[dict[str, str]] = []
    for path in sorted(DATA.glob(pattern)):
        with gzip.open(path, "rt", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def milliseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1000


@needs_recordings
def test_funding_received_is_rate_times_mark_times_position_to_the_last_digit(tmp_path: Path) -> None:
    opened, income, closed = rows_of(
        shell(
            tmp_path,
            "open-spread BTCUSDT 10000usdt --json",
            "paper advance 30d > " + str(tmp_path / "advance.txt"),
            "income --kind funding --since 2021-02-01 --json",
            "close-spread BTCUSDT --json",
        )
    )

    short = next(row["qty"] for row in opened if row["leg"] == "perp")
    assert isinstance(short, Decimal)
    marks = {
        int(r["open_time"]): D(r["open"]) for r in recorded("um/markPriceKlines/1h/BTCUSDT-1h-2021*.csv.gz")
    }
    expected = []
    for row in recorded("um/fundingRate/BTCUSDT-fundingRate-*.csv.gz"):
        at = int(row["calc_time"])
        if milliseconds(OPENED) < at <= milliseconds(CLOSED):
            mark = marks[at // HOUR_MS * HOUR_MS]
            expected.append((D(row["last_funding_rate"]) * mark * short).quantize(D("1e-8")))
    assert [row["amount"] for row in income] == expected
    assert len(expected) in (90, 91)
    assert closed[0]["funding_usdt"] == sum(expected)
    assert closed[0]["state"] == "FLAT"


@needs_recordings
def test_market_caps_equal_the_published_table(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "atapi", "--home", str(tmp_path), "--feed", f"replay:{DATA}",
         "--at", "2022-06-05T00:30:00Z", "marketcap", "--symbols", "BNBUSDT,BTCUSDT,ETHUSDT,XRPUSDT", "--days", "500",
         "--csv"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr

    header, *rows = csv.reader(ended.stdout.splitlines())

    assert header == ["Date", "BNBUSDT", "BTCUSDT", "ETHUSDT", "XRPUSDT"]
    assert len(rows) == 500
    table = {row[0]: row[1:] for row in rows}
    assert table["2021-01-22"] == ["6676983304", "627856464805", "149200108943", "13157541852"]
    assert table["2022-06-04"] == ["49195352567", "569137466256", "218431903260", "18974667219"]
    # the running day knows the open of its first hour only
    assert rows[-1][0] == "2022-06-05"

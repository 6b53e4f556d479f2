"""basis as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_basis_now(stocked: Desk) -> None:
    # (100055 - 99995) / 99995 = 6.0003 bp; 1 bp three times a day
    assert stocked.type("basis BTCUSDT --csv").lines[1] == "BTCUSDT,99995,100055,6.0003,10.9500"


def test_basis_since_long_ago_is_daily(stocked: Desk) -> None:
    said = stocked.type("basis BTCUSDT --since 2025-12-01 --csv")

    assert said.lines == [
        "time,symbol,spot,perp,basis_bp,apr_pct",
        "2025-12-30T00:00:00Z,BTCUSDT,100,102,200.0000,10.9500",
        "2025-12-31T00:00:00Z,BTCUSDT,100,102,200.0000,10.9500",
        "2026-01-01T00:00:00Z,BTCUSDT,101,102,99.0099,10.9500",
    ]


def test_basis_without_candles_says_so(stocked: Desk) -> None:
    said = stocked.type("basis BTCUSDT --since 1d")

    assert (said.code, said.out, said.err) == (0, "", "no candles of both legs\n")


def test_an_unknown_symbol_is_refused_with_the_nearest(desk: Desk) -> None:
    said = desk.type("basis BTCUSD")

    assert said.code == 2
    assert said.err == (
        "error: no spot symbol 'BTCUSD'; did you mean BTCUSDT?\n  hint: symbols --match BTC\n"
    )

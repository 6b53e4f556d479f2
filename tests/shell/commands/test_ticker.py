"""ticker as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_ticker_shows_changes_rounded_for_eyes(stocked: Desk) -> None:
    header, row = stocked.type("ticker btc-usdt").lines

    assert header.split() == ["symbol", "last", "change_pct", "high", "low", "volume", "turnover_usdt"]
    # 60000.5 / 59000 - 1 = 1.6958 %; a turnover of 74000000.5 half to even
    assert row.split() == ["BTCUSDT", "60000.5", "1.70", "61000", "58000", "1,234.57", "74,000,000"]


def test_default_symbols_that_are_not_listed_are_told(stocked: Desk) -> None:
    said = stocked.type("ticker --csv --columns symbol")

    assert said.lines == ["symbol", "BTCUSDT"]
    assert said.err == "left out, not listed here: TRXUSDT, LTCUSDT\n"


def test_an_unknown_symbol_is_refused_with_the_nearest(desk: Desk) -> None:
    said = desk.type("ticker BTCUSD")

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "error: no spot symbol 'BTCUSD'; did you mean BTCUSDT?\n  hint: symbols --match BTC\n"
    )

"""marketcap as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_marketcap_has_dates_and_symbols_in_alphabetical_order(stocked: Desk) -> None:
    said = stocked.type("marketcap --symbols ETHUSDT,BTCUSDT --days 3")

    assert [line.split() for line in said.lines] == [
        ["BTCUSDT", "ETHUSDT"],
        ["Date"],
        ["2025-12-30", "1950", "1200"],  # 100 * 19.5
        ["2025-12-31", "1969", "1320"],  # 101 * 19.5 = 1969.5, cut
        ["2026-01-01", "1998", "1440"],  # 102.5 * 19.5 = 1998.75, cut
    ]
    assert (said.code, said.err) == (0, "")


def test_symbols_may_be_words_lists_or_an_option(stocked: Desk) -> None:
    by_words = stocked.type("marketcap eth/usdt btcusdt --days 3 --csv").out

    assert by_words == stocked.type("marketcap --symbols ETHUSDT,BTCUSDT --days 3 --csv").out
    assert by_words == stocked.type("marketcap ethusdt --symbols BTCUSDT --days 3 --csv").out


def test_a_short_history_warns_beside_the_table(stocked: Desk) -> None:
    said = stocked.type("marketcap BNBUSDT BTCUSDT --days 3 --csv")

    assert said.lines[1] == "2025-12-30,,1950"
    assert said.err == (
        "warning: BNBUSDT has 2 of 3 days; rows start 2025-12-31\n  hint: --days 2 for whole rows\n"
    )


def test_an_unknown_supply_of_a_named_symbol_fails(stocked: Desk) -> None:
    said = stocked.type("marketcap PAXGUSDT")

    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "error: no circulating supply for PAXGUSDT\n"
        "  hint: circulating-supply --match PAXG; leave it out with --symbols\n"
    )


def test_days_have_bounds(desk: Desk) -> None:
    said = desk.type("marketcap --days 0")

    assert (said.code, said.err) == (2, "error: --days 0 is outside 2..1000\n")

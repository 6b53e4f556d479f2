"""What is typed, what is listed, and what is said when they differ."""

from __future__ import annotations

import pytest

from atapi.domain.instruments import Market
from atapi.errors import UsageError
from atapi.services.symbols import SymbolBook, spellings
from tests.fakes import D, FakeFutures, FakeSpot, by_symbol, perpetual, spot_instrument
from tests.services.worlds import FUTURES, SPOT, book_of

BOOK = book_of(FakeSpot(listed=SPOT), FakeFutures(listed=FUTURES))


@pytest.mark.parametrize("typed", ["BTCUSDT", "btcusdt", "BTC/USDT", "btc-usdt", " BTCUSDT "])
def test_a_symbol_may_be_typed_in_any_usual_way(typed: str) -> None:
    assert BOOK.find(typed).symbol == "BTCUSDT"


def test_lists_are_split_at_commas_and_spaces() -> None:
    assert spellings(["btcusdt,eth/usdt", "BNB-USDT,"]) == ["BTCUSDT", "ETHUSDT", "BNBUSDT"]


def test_a_pattern_matches_what_trades_and_each_symbol_counts_once() -> None:
    chosen = BOOK.choose(["b*usdt", "BTCUSDT,LUNAUSDT"])

    assert chosen.symbols == [
        "BTCUSDT",
        "BNBUSDT",
        "LUNAUSDT",
    ]  # named, LUNA is shown though it does not trade


def test_a_pattern_on_futures_leaves_dated_and_settling_ones_out() -> None:
    assert BOOK.choose(["*"], market=Market.UM).symbols == [
        "BTCUSDT",
        "ETHUSDT",
        "BNBUSDT",
        "1000PEPEUSDT",
        "1000SATSUSDT",
        "DEFIUSDT",
    ]


def test_defaults_that_are_not_listed_are_left_out_with_a_note() -> None:
    chosen = BOOK.choose([])

    assert chosen.symbols == ["BTCUSDT", "ETHUSDT", "BNBUSDT", "XRPUSDT"]
    assert chosen.notes == ("left out, not listed here: TRXUSDT, LTCUSDT",)


def test_a_typed_symbol_that_is_not_listed_is_refused_with_the_nearest_and_how_to_search() -> None:
    with pytest.raises(UsageError) as refused:
        BOOK.choose(["ETHUSDT", "BTCUSD"])

    assert refused.value.message == "no spot symbol 'BTCUSD'; did you mean BTCUSDT?"
    assert refused.value.hint == "symbols --match BTC"


@pytest.mark.parametrize(
    ("typed", "near"),
    [("BTC", "BTCUSDT"), ("ETHUSDC", "ETHUSDT"), ("1000XRPUSDT", "XRPUSDT"), ("BNUSDT", "BNBUSDT")],
)
def test_the_nearest_symbol_is_the_one_a_trader_meant(typed: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"no spot symbol '{typed}'; did you mean {near}"):
        BOOK.find(typed)


def test_even_nonsense_has_a_nearest_symbol() -> None:
    with pytest.raises(UsageError, match=r"no spot symbol 'NOSUCH'; did you mean [A-Z0-9]+\?"):
        BOOK.pair("NOSUCH")


def test_an_empty_market_has_no_nearest_symbol() -> None:
    empty = book_of(FakeSpot(), FakeFutures())

    with pytest.raises(UsageError) as refused:
        empty.find("BTCUSDT")

    assert (refused.value.message, refused.value.hint) == ("no spot symbol 'BTCUSDT'", "symbols")


def test_a_spot_symbol_under_a_multiplied_perpetual_is_refused_with_its_terms() -> None:
    with pytest.raises(UsageError) as refused:
        BOOK.pair("PEPEUSDT")

    assert refused.value.message == "PEPEUSDT has no perpetual"
    assert refused.value.hint == "on futures it is 1000PEPEUSDT, one contract = 1000 PEPE"


def test_a_spot_symbol_without_any_perpetual_points_to_those_that_have_one() -> None:
    with pytest.raises(UsageError) as refused:
        BOOK.perpetual("paxg/usdt")

    assert refused.value.message == "PAXGUSDT has no perpetual"
    assert refused.value.hint == "symbols --spreadable"


def test_a_multiplied_perpetual_pairs_with_the_single_coin() -> None:
    pair = BOOK.pair("1000pepeusdt")

    assert (pair.spot.symbol, pair.perp.symbol, pair.multiplier) == ("PEPEUSDT", "1000PEPEUSDT", D(1000))


def test_a_coin_that_spot_trades_by_the_thousand_too_pairs_one_to_one() -> None:
    pair = BOOK.pair("1000SATSUSDT")

    assert (pair.spot.symbol, pair.perp.symbol, pair.multiplier) == ("1000SATSUSDT", "1000SATSUSDT", D(1))


def test_a_perpetual_without_spot_cannot_be_hedged() -> None:
    with pytest.raises(UsageError, match="DEFIUSDT has no spot market to hedge with"):
        BOOK.pair("DEFIUSDT")


def test_a_dated_future_is_no_perpetual() -> None:
    with pytest.raises(UsageError, match="BTCUSDT_260327 is a dated future"):
        BOOK.perpetual("btcusdt_260327")


def test_an_unknown_perpetual_names_the_nearest_one() -> None:
    with pytest.raises(UsageError) as refused:
        BOOK.perpetual("DEFIUSD")

    assert refused.value.message == "no futures symbol 'DEFIUSD'; did you mean DEFIUSDT?"
    assert refused.value.hint == "symbols --venue futures --match DEFI"


def test_pairs_are_chosen_by_name_pattern_or_default() -> None:
    named, _ = BOOK.choose_pairs(["1000*", "BTCUSDT"])
    default, notes = BOOK.choose_pairs([])

    assert [p.symbol for p in named] == ["1000PEPEUSDT", "1000SATSUSDT", "BTCUSDT"]
    assert [p.symbol for p in default] == ["BTCUSDT", "ETHUSDT", "BNBUSDT"]
    assert notes == ("left out, not listed here: XRPUSDT, TRXUSDT, LTCUSDT",)


def test_a_name_that_both_markets_list_is_found_on_both() -> None:
    chosen = BOOK.choose_anywhere(["btcusdt", "PAXGUSDT", "DEFIUSDT"])

    assert [(i.market, i.symbol) for i in chosen.instruments] == [
        (Market.SPOT, "BTCUSDT"),
        (Market.UM, "BTCUSDT"),
        (Market.SPOT, "PAXGUSDT"),
        (Market.UM, "DEFIUSDT"),
    ]


def test_without_any_default_symbol_the_user_is_asked_to_name_some() -> None:
    listed = by_symbol([spot_instrument("PAXGUSDT")])
    book = SymbolBook(spot=FakeSpot(listed=listed), futures=FakeFutures())

    with pytest.raises(UsageError, match="none of the default symbols is listed here"):
        book.choose([])


def test_two_perpetuals_of_one_coin_pair_each_by_its_own_name() -> None:
    spot = by_symbol([spot_instrument("PEPEUSDT")])
    futures = by_symbol([perpetual("1000PEPEUSDT"), perpetual("PEPEUSDT")])
    book = book_of(FakeSpot(listed=spot), FakeFutures(listed=futures))

    pairs, _ = book.choose_pairs(["1000PEPEUSDT", "PEPEUSDT"])

    assert [(p.symbol, p.multiplier) for p in pairs] == [("1000PEPEUSDT", D(1000)), ("PEPEUSDT", D(1))]
    assert book.pairs()["PEPEUSDT"].symbol == "PEPEUSDT"  # its own name first

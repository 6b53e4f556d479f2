"""Arguments: values as commands get them, refusals word by word."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.amounts import Amount
from atapi.errors import UsageError
from atapi.shell import arguments
from atapi.shell.arguments import HelpAsked, Parser, listing


def trade() -> Parser:
    parser = Parser("open-spread", examples=("open-spread BTCUSDT 1000usdt",))
    parser.add_argument("symbol", type=arguments.symbol)
    parser.add_argument("amount", type=arguments.amount)
    parser.add_argument("--max-slippage", type=arguments.rate, default="5bp")
    parser.add_argument("--max-gap", type=arguments.span)
    parser.add_argument("-y", "--yes", action="store_true")
    return parser


def reading() -> Parser:
    parser = Parser("balance")
    parser.add_argument("symbols", nargs="*", type=arguments.symbols)
    parser.add_argument("--wallet", choices=("spot", "margin", "futures", "funding", "all"))
    parser.add_argument("--kind", type=arguments.choice("fee", "pnl"))
    parser.add_argument("--days", type=arguments.count(2, 1000))
    parser.add_argument("--last", type=arguments.count(1))
    parser.add_argument("--since", type=arguments.time)
    parser.add_argument("--limit", type=int)
    return parser


def test_values_come_as_what_they_mean() -> None:
    args = trade().read(["btc/usdt", "1_000usdt", "--max-slippage", "0.05%", "--max-gap=500ms", "-y"])

    assert args.symbol == "BTCUSDT"
    assert args.amount == Amount(Decimal(1000), "USDT")
    assert args.max_slippage == Decimal("0.0005")
    assert args.max_gap == timedelta(milliseconds=500)
    assert args.yes is True


def test_a_default_is_read_like_what_is_typed() -> None:
    assert trade().read(["BTCUSDT", "all"]).max_slippage == Decimal("0.0005")


def test_symbols_are_one_list_however_they_are_separated() -> None:
    assert reading().read(["btcusdt,ETH-USDT", "bnb/usdt"]).symbols == ["BTCUSDT", "ETHUSDT", "BNBUSDT"]
    assert reading().read([]).symbols == []


def test_a_span_counts_back_from_the_time_of_the_run() -> None:
    now = datetime(2026, 3, 31, 12, tzinfo=UTC)

    assert reading().read(["--since", "30d"]).since.at(now) == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert reading().read(["--since", "2026-01-02"]).since.at(now) == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ([], "open-spread needs SYMBOL and AMOUNT", "open-spread BTCUSDT 1000usdt"),
        (["BTCUSDT"], "open-spread needs AMOUNT", "open-spread BTCUSDT 1000usdt"),
        (["BTCUSDT", "1000"], "amount '1000' has no unit", "1000usdt (quote), 0.01btc (base), 25% or all"),
        (["BTCUSDT", "1,000usdt"], "amount '1,000usdt' is not a number and a unit", "1000usdt or 1_000usdt"),
        (["BTCUSDT", "-5usdt"], "amount '-5usdt' is not a number and a unit", "5usdt"),
        (["BTCUSDT", "-.5btc"], "amount '-.5btc' is not a number and a unit", None),
        (["BTCUSDT", "nanusdt"], "amount 'nanusdt' is not a number and a unit", None),
        (["BTCUSDT", "1e9usdt"], "amount '1e9usdt' is not a number and a unit", None),
        (["BTCUSDT", "1usdt", "--max-slippage", "5"], "--max-slippage '5' has no unit", "5bp or 0.05%"),
        (["BTCUSDT", "1usdt", "--max-slippage"], "--max-slippage needs a value", "help open-spread"),
        (
            ["BTCUSDT", "1usdt", "--max-slip", "5bp"],
            "open-spread has no option --max-slip; did you mean --max-slippage?",
            "help open-spread",
        ),
        (["--ye"], "open-spread has no option --ye; did you mean --yes?", "help open-spread"),
        (["BTCUSDT", "1usdt", "--yes=1"], "--yes takes no value", "help open-spread"),
        (["BTCUSDT", "1usdt", "-q"], "open-spread has no option -q", "help open-spread"),
        (["BTCUSDT", "1usdt", "x"], "'x' is one argument too many for open-spread", "help open-spread"),
        (["BTC USDT", "1usdt"], "symbol 'BTC USDT' is not a symbol", "BTCUSDT, btc/usdt or BTC-USDT"),
    ],
)
def test_a_trade_that_makes_no_sense_is_refused(words: list[str], message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        trade().read(words)

    assert refused.value.message == message
    assert hint is None or refused.value.hint == hint


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--walet", "spot"], "balance has no option --walet; did you mean --wallet?", "help balance"),
        (["--wallet", "earn"], "--wallet 'earn' is not one of spot, margin, futures, funding, all", None),
        (["--kind", "tax"], "--kind 'tax' is not one of fee, pnl", None),
        (["--days", "0"], "--days 0 is outside 2..1000", None),
        (["--days", "-3"], "--days -3 is outside 2..1000", None),
        (["--days", "x"], "--days 'x' is not a whole number", "such as 2"),
        (["--days", "٣"], "--days '٣' is not a whole number", "such as 2"),
        (["--last", "0"], "--last 0 is below 1", None),
        (["--limit", "many"], "--limit 'many' is not a whole number", "help balance"),
        (
            ["--since", "01.11.2026"],
            "--since '01.11.2026' is not a time",
            "2026-11-01, 2026-11-01T08:00 (UTC) or a span such as 30d",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(words: list[str], message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        reading().read(words)

    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_options_that_exclude_each_other_are_named() -> None:
    parser = Parser("carry")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("-a", "--all", action="store_true")
    either.add_argument("--top", type=arguments.count(1))

    with pytest.raises(UsageError, match=r"^--all and --top exclude each other$"):
        parser.read(["--all", "--top", "3"])


def test_help_is_asked_for_and_nothing_exits() -> None:
    with pytest.raises(HelpAsked):
        trade().read(["-h"])


def test_the_words_of_another_command_are_left_to_it() -> None:
    parser = Parser("watch")
    parser.add_argument("--every", type=arguments.span, default="1s")
    parser.add_argument("words", nargs=argparse.PARSER)

    args = parser.read(["--every", "5s", "funding", "BTCUSDT", "--every", "x"])

    assert args.every == timedelta(seconds=5)
    assert args.words == ["funding", "BTCUSDT", "--every", "x"]


@pytest.mark.parametrize(
    ("words", "text"), [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")]
)
def test_lists_are_written_as_people_do(words: list[str], text: str) -> None:
    assert listing(words) == text


@given(st.lists(st.text()))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    for parser in (trade(), reading()):
        try:
            parser.read(words)
        except (UsageError, HelpAsked):
            continue

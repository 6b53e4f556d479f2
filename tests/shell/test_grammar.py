"""The grammar of a line: what it splits into, and what it refuses with which words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.errors import UsageError
from atapi.shell.grammar import split, unfinished


def words(line: str) -> list[list[str]]:
    return [statement.words for statement in split(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("   \t ", []),
        ("balance", [["balance"]]),
        ("  funding\tBTCUSDT  --last 5 ", [["funding", "BTCUSDT", "--last", "5"]]),
        ("a; b;c", [["a"], ["b"], ["c"]]),
        (";;a;;", [["a"]]),
        ("# a comment", []),
        ("a # b; c", [["a"]]),
        ("a;# b", [["a"]]),
        ("a --tag x#y", [["a", "--tag", "x#y"]]),
        ("a 'b c' \"d;e\" 'f#g' \"h|i\" 'j>k'", [["a", "b c", "d;e", "f#g", "h|i", "j>k"]]),
        ("a b'c d'e", [["a", "bc de"]]),
        ("a ''", [["a", ""]]),
        ('a "it\'s"', [["a", "it's"]]),
        (r"a C:\new\file", [["a", r"C:\new\file"]]),
        ("\ufeffbalance\r\n", [["balance"]]),
        ("a 币安人生USDT", [["a", "币安人生USDT"]]),
    ],
)
def test_lines_split_into_commands_and_words(line: str, expected: list[list[str]]) -> None:
    assert words(line) == expected


def test_output_signs_name_a_file() -> None:
    [first, second] = split("a b > 'out file.csv'; c>>log")

    assert (first.words, first.target, first.append) == (["a", "b"], "out file.csv", False)
    assert (second.words, second.target, second.append) == (["c"], "log", True)


@pytest.mark.parametrize(
    ("line", "pipe"),
    [
        ("a | grep -v 'x;y' | sort -k2 # z", "grep -v 'x;y' | sort -k2 # z"),
        ("a|awk '{print $1; print $2}'", "awk '{print $1; print $2}'"),
        (r"a | find . -exec echo {} \;", r"find . -exec echo {} \;"),
        ("a | wc > out", "wc > out"),
    ],
)
def test_what_follows_a_bar_goes_to_the_system_as_it_stands(line: str, pipe: str) -> None:
    [statement] = split(line)

    assert (statement.words, statement.pipe, statement.target) == (["a"], pipe, None)


def test_a_semicolon_after_a_pipe_begins_a_command_of_ours() -> None:
    first, second = split("balance | grep USDT; close-spread BTCUSDT")

    assert first.pipe == "grep USDT"
    assert (second.words, second.pipe) == (["close-spread", "BTCUSDT"], None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("open-spread 'BTC", "the quote opened at column 13 is not closed"),
        ('a b"c', "the quote opened at column 4 is not closed"),
        ("a | grep 'x", "the quote opened at column 10 is not closed"),
        ("> out", "no command before the > at column 1"),
        ("a; | wc", "no command before the | at column 4"),
        ("a >", "no file after the > at column 3"),
        ("a >> ; b", "no file after the >> at column 3"),
        ("a > > b", "no file after the > at column 3"),
        ("a > ''", "no file after the > at column 3"),
        ("a > b c", "nothing may follow > b but ;"),
        ("a > b | c", "nothing may follow > b but ;"),
        ("a |", "no command after the | at column 3"),
        ("a || b", "no command after the | at column 3"),
        ("a\x1b[31m", "the character at column 2 (U+001B) is not text"),
        ("a\x00", "the character at column 2 (U+0000) is not text"),
        ("a\nb", "the character at column 2 (U+000A) is not text"),
        ("a \u202egnp", "the character at column 3 (U+202E) is not text"),
        ("open-spread\u00a0BTC", "the space at column 12 is not a plain one (U+00A0)"),
        ("a \udcff", "byte 0xff at column 3 is not UTF-8"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_column(line: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        split(line)

    assert refused.value.message == message
    assert refused.value.exit_code == 2


@given(st.text())
def test_any_text_is_split_or_refused(line: str) -> None:
    try:
        statements = split(line)
    except UsageError:
        return
    assert all(statement.words for statement in statements)


@given(st.text(alphabet=" ab'\"|>;#\\\t$"))
def test_any_line_of_signs_is_split_or_refused(line: str) -> None:
    try:
        statements = split(line)
    except UsageError:
        return
    assert all(statement.words for statement in statements)


@given(st.lists(st.text(alphabet='ab ;|>#"$\\').filter(bool), min_size=1))
def test_quoted_words_come_back_as_they_were(given_words: list[str]) -> None:
    [statement] = split(" ".join(f"'{word}'" for word in given_words))

    assert statement.words == given_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ([], "")),
        ("op", ([], "op")),
        ("open-spread ", (["open-spread"], "")),
        ("open-spread b", (["open-spread"], "b")),
        ("balance; fun", ([], "fun")),
        ("balance | gr", None),
        ("balance > o", None),
        ("balance # fu", None),
        ("balance 'fu", None),
        ("balance x'fu'", None),
    ],
)
def test_the_word_under_the_cursor_is_found(text: str, expected: tuple[list[str], str] | None) -> None:
    assert unfinished(text) == expected

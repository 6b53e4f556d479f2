"""Arguments of one command: argparse, without its exits, its guesses and its messages.

Besides the parser this holds the readers that commands give as `type=`: `symbol`, `symbols`, `amount`, `rate`,
`price`, `span`, `time`, `count` and `choice`. They know the name of what they read, so that a refusal names it.
"""

from __future__ import annotations

import argparse
import re

from atapi.errors import UsageError

TYPE_CHECKING = False  # `typing` itself costs milliseconds that a script's start would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from typing import Any, NoReturn, TypeVar

    ActionT = TypeVar("ActionT", bound=argparse.Action)

_REQUIRED = "the following arguments are required: "  # argparse's own words, the same since Python 3.3
_NEGATIVE = re.compile(r"-[.0-9]")  # `-5usdt` is a wrong amount, not an unknown option


class HelpAsked(Exception):
    """`-h` was given; not an error."""


class Kind:
    """A reader of one argument, given as `type=` to `add_argument`.

    Args:
        read: `read(text, name)`; the name is what to call it in a refusal: `--days`, `amount`.
        metavar: How usage lines show it where the command does not say.
    """

    __slots__ = ("metavar", "read")

    def __init__(self, read: Callable[[str, str], Any], metavar: str) -> None:
        self.read = read
        self.metavar = metavar

    def __call__(self, text: str) -> Any:
        """Read it under no particular name."""
        return self.read(text, self.metavar)


class Moment:
    """A time as typed; a span counts back from the venue's present, which only a command's run knows."""

    __slots__ = ("_name", "_text")

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name

    def at(self, now: datetime) -> datetime:
        """Tell which time it means, aware, in UTC."""
        from atapi.domain.amounts import parse_time

        return parse_time(self._text, self._name, now)


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises `UsageError` in the shell's words and never exits.

    Args:
        name: The command's name.
        about: What its help says between the usage and the options.
        columns: What the columns of its table are; empty where it has none.
        examples: Lines to show; the first is the hint where an argument is missing.
    """

    def __init__(
        self, name: str, *, about: str = "", columns: str = "", examples: Sequence[str] = ()
    ) -> None:
        super().__init__(
            prog=name,
            formatter_class=_Formatter,
            add_help=False,
            allow_abbrev=False,
            exit_on_error=False,
        )
        self.hint = f"help {name}"
        self.about = about
        self.columns = columns
        self.examples = tuple(examples)
        self._negative_number_matcher = _NEGATIVE
        self.add_argument(
            "-h", "--help", action=_Help, nargs=0, default=argparse.SUPPRESS, help="show this help"
        )

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Read a command's words.

        Raises:
            UsageError: They make no sense to this command.
            HelpAsked: `-h` is among them.
        """
        commands = any(action.nargs == argparse.PARSER for action in self.positionals())
        self._refuse_unknown_options(words[: self.leading_options(words)] if commands else words)
        try:
            found, extra = self.parse_known_args(list(words))
        except argparse.ArgumentError as e:
            raise self._usage_error(e) from None
        if extra:
            raise UsageError(f"'{extra[0]}' is one argument too many for {self.prog}", hint=self.hint)
        return found

    def options(self) -> list[argparse.Action]:
        """List the options, in the order they were added."""
        return [action for action in self._actions if action.option_strings]

    def positionals(self) -> list[argparse.Action]:
        """List the positional arguments, in order."""
        return [action for action in self._actions if not action.option_strings]

    def option(self, word: str) -> argparse.Action | None:
        """Find the option that a word such as `--last` or `--last=5` names."""
        return self._option_string_actions.get(word.partition("=")[0])

    def leading_options(self, words: Sequence[str]) -> int:
        """Count the words at the front that are options of this parser and their values."""
        at = 0
        while at < len(words) and words[at].startswith("-"):
            action = self.option(words[at])
            takes_next = action is not None and action.nargs is None and "=" not in words[at]
            at += 2 if takes_next else 1
        return min(at, len(words))

    def format_help(self) -> str:
        """Explain the command."""
        from atapi.shell.explain import explain

        return explain(self)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would have printed before it exits."""
        raise self._usage_error(argparse.ArgumentError(None, message))

    def _add_action(self, action: ActionT) -> ActionT:
        if action.metavar is None and action.nargs != 0:
            if action.choices is not None:
                action.metavar = "|".join(str(c) for c in action.choices)
            elif isinstance(action.type, Kind):
                action.metavar = action.type.metavar
            else:
                action.metavar = action.dest.upper()
        return super()._add_action(action)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if isinstance(action.type, Kind):
            return action.type.read(arg_string, _name_of(action))
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError:
            what = "a whole number" if action.type is int else "what it takes"
            raise UsageError(f"{_name_of(action)} '{arg_string}' is not {what}", hint=self.hint) from None

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        values = super()._get_values(action, arg_strings)
        if action.type is symbols and isinstance(values, list) and all(isinstance(v, list) for v in values):
            return [symbol for group in values for symbol in group]
        return values

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise _not_one_of(_name_of(action), str(value), [str(c) for c in action.choices])

    def _refuse_unknown_options(self, words: Sequence[str]) -> None:
        for word in words:
            if word == "--":
                return
            if len(word) < 2 or word[0] != "-" or " " in word or _NEGATIVE.match(word):
                continue
            joined_short = word[1] != "-" and word[:2] in self._option_string_actions
            if self.option(word) is None and not joined_short:
                raise self._unknown_option(word.partition("=")[0])

    def _unknown_option(self, word: str) -> UsageError:
        options = [o for o in self._option_string_actions if o.startswith("--")]
        near = next((o for o in options if o.startswith(word)), None) or nearest(word, options)
        guess = f"; did you mean {near}?" if near else ""
        return UsageError(f"{self.prog} has no option {word}{guess}", hint=self.hint)

    def _usage_error(self, error: argparse.ArgumentError) -> UsageError:
        if error.message.startswith(_REQUIRED):
            missing = error.message.removeprefix(_REQUIRED).split(", ")
            return UsageError(
                f"{self.prog} needs {listing(missing)}", hint=self.examples[0] if self.examples else self.hint
            )
        name = (error.argument_name or self.prog).split("/")[-1]
        if other := re.match(r"not allowed with argument (\S+)", error.message):
            return UsageError(f"{other[1].split('/')[-1]} and {name} exclude each other")
        if error.message.startswith("expected"):
            return UsageError(f"{name} needs a value", hint=self.hint)
        if error.message.startswith("ignored explicit argument"):
            return UsageError(f"{name} takes no value", hint=self.hint)
        return UsageError(f"{name}: {error.message}", hint=self.hint)


class _Formatter(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)  # left out, argparse imports shutil to ask the terminal


class _Help(argparse.Action):
    def __call__(self, *_: Any) -> None:
        raise HelpAsked


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the one known word that somebody most likely meant, or None."""
    import difflib  # only somebody who mistyped waits for it

    return next(iter(difflib.get_close_matches(word.lower(), list(known), n=1)), None)


def listing(words: Sequence[str]) -> str:
    """Write `A`, `A and B` or `A, B and C`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def choice(*names: str) -> Kind:
    """Read one of some names, any case."""

    def read(text: str, name: str) -> str:
        if text.lower() not in names:
            raise _not_one_of(name, text, names)
        return text.lower()

    return Kind(read, "|".join(names))


def count(least: int = 1, most: int | None = None) -> Kind:
    """Read a whole number within bounds, both included."""

    def read(text: str, name: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
            raise UsageError(f"{name} '{text}' is not a whole number", hint=f"such as {least}")
        value = int(text)
        if most is not None and not least <= value <= most:
            raise UsageError(f"{name} {value} is outside {least}..{most}")
        if value < least:
            raise UsageError(f"{name} {value} is below {least}")
        return value

    return Kind(read, "N")


def _not_one_of(name: str, text: str, names: Sequence[str]) -> UsageError:
    return UsageError(f"{name} '{text}' is not one of {', '.join(names)}")


def _name_of(action: argparse.Action) -> str:
    if action.option_strings:
        return action.option_strings[-1]
    return action.dest.replace("_", " ")


def _read_symbol(text: str, name: str) -> str:
    symbol = text.upper().replace("/", "").replace("-", "")
    if not symbol.replace("_", "").replace("*", "").isalnum():
        raise UsageError(f"{name} '{text}' is not a symbol", hint="BTCUSDT, btc/usdt or BTC-USDT")
    return symbol


def _read_symbols(text: str, name: str) -> list[str]:
    return [_read_symbol(part.strip(), name) for part in text.split(",") if part.strip()]


def _read_amount(text: str, _name: str) -> Any:
    from atapi.domain.amounts import parse_amount

    return parse_amount(text)


def _read_rate(text: str, name: str) -> Any:
    from atapi.domain.amounts import parse_rate

    return parse_rate(text, name)


def _read_price(text: str, name: str) -> Any:
    from atapi.domain.numbers import parse_plain

    value = parse_plain(text)
    if value is None or not value:
        raise UsageError(f"{name} '{text}' is not a price", hint="67000.1: digits, a point, digits")
    return value


def _read_span(text: str, name: str) -> Any:
    from atapi.domain.amounts import parse_span

    return parse_span(text, name)


def _read_time(text: str, name: str) -> Moment:
    from atapi.clock import EPOCH

    moment = Moment(text, name)
    moment.at(EPOCH.replace(year=2100))  # refuses what is no time before anything else is done
    return moment


symbol = Kind(_read_symbol, "SYMBOL")  # one, as the venue spells it: "BTCUSDT"; `*` is let through
symbols = Kind(_read_symbols, "SYMBOL")  # a list; with nargs="*" the words' lists become one
amount = Kind(_read_amount, "AMOUNT")  # an `Amount`: 1000usdt, 0.01btc, 25%, all
rate = Kind(_read_rate, "RATE")  # a fraction as `Decimal`: 5bp, 0.05%
price = Kind(_read_price, "PRICE")  # a `Decimal` above zero: 67000.1
span = Kind(_read_span, "SPAN")  # a `timedelta`: 500ms, 8h, 30d
time = Kind(_read_time, "TIME")  # a `Moment`: 2026-11-01, 2026-11-01T08:00, 30d

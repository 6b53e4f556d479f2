"""set: how this session shows things."""

from __future__ import annotations

import argparse

from atapi.errors import UsageError
from atapi.shell.arguments import Kind, choice, count, nearest, span, symbols
from atapi.shell.context import Context
from atapi.shell.preferences import Preferences
from atapi.shell.registry import command
from atapi.table import Table

SHORTEST_SYMBOL = 6  # `set symbols BTC` means BTC against the quote asset; ETHBTC is a symbol already


class Preference:
    """One name that `set` knows.

    Attributes:
        name: As typed.
        kind: Reads a value.
        about: One line of help.
    """

    __slots__ = ("about", "kind", "name")

    def __init__(self, name: str, kind: Kind, about: str) -> None:
        self.name = name
        self.kind = kind
        self.about = about

    @property
    def field(self) -> str:
        """Its field of `Preferences`."""
        return self.name.replace("-", "_")


def _read_rows(text: str, name: str) -> int | None:
    if text.lower() == "auto":
        return None
    return 0 if text.lower() == "all" else int(count(1).read(text, name))


_asset = Kind(lambda text, _: text.upper(), "ASSET")
_rows = Kind(_read_rows, "N|all|auto")
_switch = choice("on", "off")

KNOWN = (
    Preference("symbols", symbols, "symbols of commands that are given none: BTC ETH, or BTCUSDT,ETHUSDT"),
    Preference("quote", _asset, "quote asset of a bare BTC in `set symbols`"),
    Preference("rows", _rows, "rows a table shows; auto is 60, of which 10 beyond that"),
    Preference("width", choice("fit", "full"), "on a terminal: blocks of columns that fit, or full lines"),
    Preference("color", choice("auto", "on", "off"), "gains green, losses red; auto is on a terminal only"),
    Preference("debug", _switch, "show tracebacks"),
    Preference("timeout", span, "total time one request may take"),
    Preference("keep-going", _switch, "whether a script goes on after a failing line"),
)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="all of them where it is not given")
    parser.add_argument(
        "value", nargs="*", metavar="VALUE", help="its new value; shown where it is not given"
    )


@command(
    "set",
    group="Shell",
    arguments=_arguments,
    columns="name, value, meaning",
    examples=("set", "set rows all", "set symbols BTC ETH", "set timeout 30s"),
)
def set_(context: Context, args: argparse.Namespace) -> Table | str | None:
    """Settings of this session: shown, or changed."""
    preferences = context.preferences
    if args.name is None:
        rows = [(known.name, shown(known, preferences), known.about) for known in KNOWN]
        return Table.from_mapping(("name", "value", "meaning"), rows)
    known = find(args.name)
    if not args.value:
        return shown(known, preferences)
    change(context, known, ",".join(args.value))
    return None


def find(name: str) -> Preference:
    """Find a preference; underscores are accepted.

    Raises:
        UsageError: There is no such name; the nearest is named.
    """
    canonical = name.lower().replace("_", "-")
    for known in KNOWN:
        if known.name == canonical:
            return known
    near = nearest(canonical, [known.name for known in KNOWN])
    guess = f"; did you mean {near}?" if near else ""
    raise UsageError(f"no setting '{name}'{guess}", hint="set lists them")


def shown(known: Preference, preferences: Preferences) -> str:
    """Tell a value as it would be typed."""
    value = getattr(preferences, known.field)
    if known.name == "rows":
        return "auto" if value is None else "all" if value == 0 else str(value)
    if known.name == "timeout":
        return "default" if value is None else f"{value.total_seconds():g}s"
    if known.name == "symbols":
        return ",".join(value) or "default"
    return str(value)


def change(context: Context, known: Preference, text: str) -> None:
    """Change a value; the services are opened anew where they depend on it.

    Raises:
        UsageError: It takes no such value.
    """
    preferences = context.preferences
    value = known.kind.read(text, known.name)
    if known.name == "symbols":
        value = [s if len(s) >= SHORTEST_SYMBOL else s + preferences.quote for s in value]
        context.change(symbols=tuple(value))
    elif known.name == "timeout":
        context.change(timeout_s=value.total_seconds())
    setattr(preferences, known.field, value)

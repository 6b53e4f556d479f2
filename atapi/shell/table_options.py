"""The options every table command takes, and the `View` they add up to."""

from __future__ import annotations

import os
from itertools import pairwise

from atapi.errors import AtapiError, UsageError
from atapi.shell.arguments import Kind, choice, count, span

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

FORMATS = ("plain", "md", "github", "rst", "html", "psql", "rounded_outline")
FILE_FORMATS = ("csv", "json", "parquet", "md", "html")
OPTIONS = ("--rows", "--sort", "--columns", "--json", "--csv", "--format", "--out", "--watch")
DEFAULT_EVERY = "1s"


class View:
    """How one table is to be shown.

    Attributes:
        kind: `plain`, `json`, `csv`, `parquet` or one of `FORMATS`.
        rows: Rows shown at most; 0 for all; None where it was not said.
        sort: Column to sort by, or None.
        descending: Whether from the largest down.
        columns: Columns to show, in order, or None for all.
        out: File to write, or None for standard output.
    """

    __slots__ = ("columns", "descending", "kind", "out", "rows", "sort")

    def __init__(
        self,
        *,
        kind: str = "plain",
        rows: int | None = None,
        sort: str | None = None,
        descending: bool = False,
        columns: list[str] | None = None,
        out: str | None = None,
    ) -> None:
        self.kind = kind
        self.rows = rows
        self.sort = sort
        self.descending = descending
        self.columns = columns
        self.out = out


def add_to(parser: argparse.ArgumentParser, *, watchable: bool) -> None:
    """Add the table options to a command's parser."""
    parser.add_argument(
        "--rows", type=rows, metavar="N|all", help="rows shown at most (60, of which 10 beyond that)"
    )
    parser.add_argument("--sort", metavar="COL[:desc]", help="sort by a column")
    parser.add_argument("--columns", type=_names, metavar="A,B", help="only these columns, in this order")
    parser.add_argument("--json", action="store_true", help="a list of objects, numbers exact")
    parser.add_argument("--csv", action="store_true", help="comma-separated values, numbers exact")
    parser.add_argument("--format", type=choice(*FORMATS), metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("--out", type=_out_file, metavar="FILE", help=f"write a file: {_suffixes()}")
    if watchable:
        parser.add_argument(
            "-w", "--watch", type=span, metavar="[EVERY]", help="refresh in place until Ctrl-C, each 1s"
        )


def give_watch_its_value(words: Sequence[str]) -> list[str]:
    """Let `-w` stand before anything: what follows it is its value only where that is a span."""
    given: list[str] = []
    for word in words:
        if given and given[-1] in ("-w", "--watch"):
            spanned = word[:1].isdigit()
            given[-1] = f"--watch={word if spanned else DEFAULT_EVERY}"
            if spanned:
                continue
        given.append(word)
    if given and given[-1] in ("-w", "--watch"):
        given[-1] = f"--watch={DEFAULT_EVERY}"
    return given


def view(args: argparse.Namespace) -> View:
    """Add up a command's table options.

    Raises:
        UsageError: Two of them exclude each other.
    """
    sort, _, direction = (args.sort or "").partition(":")
    if direction not in ("", "asc", "desc"):
        raise UsageError(f"--sort '{args.sort}' has no order '{direction}'", hint=f"--sort {sort}:desc")
    return View(
        kind=_kind(args),
        rows=args.rows,
        sort=sort or None,
        descending=direction == "desc",
        columns=args.columns,
        out=args.out,
    )


def _kind(args: argparse.Namespace) -> str:
    said: list[tuple[str, str]] = []  # option -> kind
    if args.json:
        said.append(("--json", "json"))
    if args.csv:
        said.append(("--csv", "csv"))
    if args.format is not None:
        said.append(("--format", args.format))
    if args.out is not None:
        said.append(("--out", _suffix(args.out)))
    for (first, kind), (second, other) in pairwise(said):
        if kind != other or "--out" not in (first, second):
            raise UsageError(f"{first} and {second} exclude each other")
    return said[0][1] if said else "plain"


def _read_rows(text: str, name: str) -> int:
    if text.lower() == "all":
        return 0
    return int(count(1).read(text, name))


def _read_names(text: str, _name: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _read_out_file(text: str, name: str) -> str:
    if _suffix(text) not in FILE_FORMATS:
        raise UsageError(f"{name} {text}: unknown format .{_suffix(text)}", hint=_suffixes())
    if _suffix(text) == "parquet":
        import importlib.util

        if importlib.util.find_spec("duckdb") is None:
            raise AtapiError(f"{name} {text} needs duckdb", hint="pip install 'atapi[data]'")
    return text


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].removeprefix(".").lower()


def _suffixes() -> str:
    return f"{', '.join(FILE_FORMATS[:-1])} or {FILE_FORMATS[-1]}"


rows = Kind(_read_rows, "N|all")  # 0 for all
_names = Kind(_read_names, "A,B")
_out_file = Kind(_read_out_file, "FILE")

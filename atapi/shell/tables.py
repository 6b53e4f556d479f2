"""A table as text for eyes, in the shape pandas prints: the same bytes on a terminal and in a pipe.

Made here rather than by `DataFrame.to_string` because the cells are exact decimals, because colors and wide
characters must not shift a header, and because pandas takes longer to import than the command takes to run.
The tests hold the two to the same bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from atapi.errors import UsageError
from atapi.shell.cells import is_number, shown
from atapi.table import Column, Table, Value

MAX_ROWS = 60  # more than these are cut ...
MIN_ROWS = 10  # ... to these, half from each end
_GREEN, _RED, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[0m"


class _Strip:
    """One column, ready to be put beside others: lines of equal width."""

    def __init__(self, lines: list[str], *, right: bool, colors: Sequence[str] = ()) -> None:
        self.width = max(map(columns_of, lines))
        gaps = [" " * (self.width - columns_of(line)) for line in lines]
        painted = (
            [_paint(line, color) for line, color in zip(lines, colors, strict=True)] if colors else lines
        )
        self.lines = [g + p if right else p + g for g, p in zip(gaps, painted, strict=True)]


def render(table: Table, *, rows: int | None = None, width: int | None = None, color: bool = False) -> str:
    """Lay a table out as text, without a newline at its end.

    Args:
        table: At least one row.
        rows: Rows shown at most, half from each end; 0 for all; None for pandas' 60, of which 10 beyond that.
        width: Columns of the terminal; columns that do not fit go into blocks below. None for one wide table.
        color: Whether gains and losses of signed columns are colored.
    """
    head, tail = _cut(len(table.rows), rows)
    kept = table.rows[:head] + table.rows[len(table.rows) - tail :]
    cut = len(kept) < len(table.rows)
    names = table.names
    at = names.index(table.index) if table.index else None
    dots = head if cut else None
    label = None if at is None else _label(table.columns[at], [row[at] for row in kept], dots)
    strips = [
        _strip(spec, [row[i] for row in kept], dots, two_headers=at is not None, color=color)
        for i, spec in enumerate(table.columns)
        if i != at
    ]
    blocks = [_join(label, block) for block in _blocks(label, strips, width)]
    if cut:
        blocks.append(f"[{len(table.rows)} rows x {len(strips)} columns]")
    return "\n\n".join(blocks)


def arrange(table: Table, *, sort: str | None, descending: bool, columns: Sequence[str] | None) -> Table:
    """Sort a table and choose its columns; the index column always stays.

    Raises:
        UsageError: It has no such column.
    """
    found = table
    if sort is not None:
        at = _column_at(table, "--sort", sort)
        present = [row for row in found.rows if row[at] is not None]
        absent = [row for row in found.rows if row[at] is None]
        ordered = sorted(present, key=lambda row: (isinstance(row[at], str), row[at]), reverse=descending)
        found = _replace(found, found.columns, (*ordered, *absent))
    if columns is not None:
        chosen = [_column_at(table, "--columns", name) for name in columns]
        if table.index is not None:
            label = table.names.index(table.index)
            chosen = [label, *(i for i in chosen if i != label)]
        found = _replace(
            found,
            tuple(found.columns[i] for i in chosen),
            tuple(tuple(row[i] for i in chosen) for row in found.rows),
        )
    return found


def columns_of(text: str) -> int:
    """Count the terminal columns of a text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "FW" else 1 for c in text
    )


def _replace(table: Table, columns: tuple[Column, ...], rows: tuple[tuple[Value, ...], ...]) -> Table:
    return Table(columns=columns, rows=rows, index=table.index, empty=table.empty, notes=table.notes)


def _column_at(table: Table, option: str, name: str) -> int:
    folded = [_fold(n) for n in table.names]
    if _fold(name) not in folded:
        raise UsageError(f"{option} has no column '{name}'; columns: {', '.join(table.names)}")
    return folded.index(_fold(name))


def _fold(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def _cut(total: int, rows: int | None) -> tuple[int, int]:
    limit = (total if total <= MAX_ROWS else MIN_ROWS) if rows is None else rows or total
    return (total, 0) if total <= limit else ((limit + 1) // 2, limit // 2)


def _label(spec: Column, values: list[Value], dots: int | None) -> _Strip:
    cells = shown(values, spec)
    widest = max(map(columns_of, (spec.name, *cells)))
    return _Strip(["", spec.name, *_with_dots(cells, dots, _mark(widest))], right=False)


def _strip(spec: Column, values: list[Value], dots: int | None, *, two_headers: bool, color: bool) -> _Strip:
    numeric = any(is_number(v) for v in values)
    as_pandas = (
        numeric and two_headers
    )  # where a number's sign stands in the second of the blanks between columns
    cells = [f" {text}" for text in shown(values, spec)]
    if as_pandas:
        cells = [cell.lstrip() if cell[1:2] == "-" and len(cell) > 2 else cell for cell in cells]
    widest = max(columns_of(spec.name) + 1, *map(columns_of, cells))
    header = [f" {spec.name}", ""] if two_headers else [f" {spec.name}"]
    mark = _mark(widest) if as_pandas else f" {_mark(widest)}"
    lines = header + _with_dots(cells, dots, mark)
    if not (color and spec.signed):
        return _Strip(lines, right=numeric)
    colors = [""] * len(header) + _with_dots([_color(v) for v in values], dots, "")
    return _Strip(lines, right=numeric, colors=colors)


def _with_dots(cells: list[str], at: int | None, mark: str) -> list[str]:
    return cells if at is None else [*cells[:at], mark, *cells[at:]]


def _mark(width: int) -> str:
    return "..." if width > 3 else ".."  # as pandas marks what it leaves out


def _color(value: Value) -> str:
    if not is_number(value) or not value:
        return ""
    return _GREEN if value > 0 else _RED  # type: ignore[operator]  # a number, as just asked


def _paint(text: str, color: str) -> str:
    return f"{color}{text}{_PLAIN}" if color else text


def _blocks(label: _Strip | None, strips: list[_Strip], width: int | None) -> list[list[_Strip]]:
    if width is None or not strips:
        return [strips]
    start = label.width if label else -2  # without a label the first column's leading blanks go
    blocks: list[list[_Strip]] = []
    used = width + 1
    for strip in strips:
        if used + 1 + strip.width > width:
            blocks.append([])
            used = start
        blocks[-1].append(strip)
        used += 1 + strip.width
    return blocks


def _join(label: _Strip | None, strips: list[_Strip]) -> str:
    parts = [strip.lines for strip in ([label] if label else []) + strips]
    lines = [" ".join(cells) for cells in zip(*parts, strict=True)]
    if label is not None:
        # pandas pads the line that names the index; published tables were printed that way.
        return "\n".join(line if i == 1 else line.rstrip() for i, line in enumerate(lines))
    lead = min(len(line) - len(line.lstrip(" ")) for line in lines)
    return "\n".join(line[lead:].rstrip() for line in lines)

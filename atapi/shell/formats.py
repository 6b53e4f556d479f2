"""A table in the formats programs and documents read: JSON, CSV, Parquet, Markdown, HTML and the like.

Nothing is rounded or separated here; JSON numbers carry every digit of the decimal they were.
"""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime
from decimal import Decimal

from atapi.shell.cells import exact, inert, is_number, shown
from atapi.table import Column, Table, Value

_TABULATE = {"md": "pipe", "plain": "simple"}  # ours -> tabulate's name, where they differ


def to_json(table: Table, *, one_line: bool = False) -> str:
    """Write a list of objects, one a line; times in ISO 8601 with `Z`, an absent value as null."""
    names = [json.dumps(name, ensure_ascii=False) for name in table.names]
    rows = [
        "{"
        + ", ".join(f"{n}: {_json(v, c)}" for n, v, c in zip(names, row, table.columns, strict=True))
        + "}"
        for row in table.rows
    ]
    if one_line or not rows:
        return f"[{', '.join(rows)}]"
    return "[\n" + ",\n".join(rows) + "\n]"


def to_csv(table: Table) -> str:
    """Write a header and rows; an absent value as nothing, a text that looks like a formula quoted with `'`."""
    import csv

    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow([inert(name, name) for name in table.names])
    writer.writerows(
        [inert(exact(v, c), v) for v, c in zip(row, table.columns, strict=True)] for row in table.rows
    )
    return sheet.getvalue().removesuffix("\n")


def to_markup(table: Table, kind: str) -> str:
    """Write it through tabulate, rounded as on a terminal; nothing is cut off."""
    from tabulate import tabulate

    columns = [[row[i] for row in table.rows] for i in range(len(table.columns))]
    cells = [shown(values, spec) for values, spec in zip(columns, table.columns, strict=True)]
    return tabulate(
        list(zip(*cells, strict=True)),
        headers=table.names,
        tablefmt=_TABULATE.get(kind, kind),
        disable_numparse=True,
        colalign=["right" if any(map(is_number, values)) else "left" for values in columns],
    )


def to_parquet(table: Table, path: str) -> None:
    """Write a Parquet file through duckdb: exact decimals, UTC times."""
    import duckdb  # the extra `data`: `--out x.parquet` is refused at once where it is missing

    types = [_sql_type(i, table) for i in range(len(table.columns))]
    fields = ", ".join(f"{_quoted(n)} {t}" for n, t in zip(table.names, types, strict=True))
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(f"CREATE TABLE sheet ({fields})")
        if table.rows:
            marks = ", ".join("?" for _ in table.columns)
            rows = [[_sql(v, c) for v, c in zip(row, table.columns, strict=True)] for row in table.rows]
            database.executemany(f"INSERT INTO sheet VALUES ({marks})", rows)
        name = path.replace("'", "''")
        database.execute(f"COPY sheet TO '{name}' (FORMAT parquet)")


def to_file(table: Table, kind: str, path: str) -> None:
    """Write a file in one step: it is whole or, where that fails, what it was before.

    Raises:
        OSError: It cannot be written.
    """
    part = f"{path}.{os.getpid()}.part"
    try:
        if kind == "parquet":
            to_parquet(table, part)
        else:
            with open(part, "w", encoding="utf-8", newline="") as f:
                f.write(to_text(table, kind) + "\n")
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.unlink(part)


def to_text(table: Table, kind: str) -> str:
    """Write it as `json`, `csv` or one of tabulate's formats."""
    if kind == "json":
        return to_json(table)
    return to_csv(table) if kind == "csv" else to_markup(table, kind)


def _json(value: Value | float, column: Column) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        text = exact(value, column)
        return text if text and text.strip("-0123456789.") == "" else "null"  # no number: NaN, Infinity
    if value is None:
        return "null"
    return json.dumps(exact(value, column), ensure_ascii=False)


def _sql_type(at: int, table: Table) -> str:
    values = [row[at] for row in table.rows if row[at] is not None]
    if any(isinstance(v, datetime) for v in values):
        return "DATE" if table.columns[at].date else "TIMESTAMPTZ"
    if values and all(isinstance(v, bool) for v in values):
        return "BOOLEAN"
    if any(isinstance(v, float) for v in values):
        return "DOUBLE"
    if values and all(isinstance(v, int) for v in values):
        return "BIGINT"
    if values and all(isinstance(v, int | Decimal) for v in values):
        places = max(-int(Decimal(str(v)).as_tuple().exponent) for v in values)
        return f"DECIMAL(38, {min(max(places, 0), 38)})"
    return "VARCHAR"


def _sql(value: Value | float, column: Column) -> object:
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return at.date() if column.date else at
    if isinstance(value, str):
        return exact(value, column)
    return value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

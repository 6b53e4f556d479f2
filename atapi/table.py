"""A table as a value: what services hand to the shell, to notebooks and to servers.

A row is a frozen dataclass; its fields are the columns, in order, and their metadata says how to show them.
Decimals stay exact here: JSON and CSV print every digit, only the terminal rounds, and `frame()` is where
floats begin.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Value = str | int | Decimal | datetime | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    digits: int | None = None  # decimals shown on a terminal; None shows what is there, without padding
    signed: bool = False  # may be colored: gain or loss
    thousands: bool = False  # separated on a terminal, never in CSV or JSON
    date: bool = False  # a day, shown without the time of day


def column(
    *,
    digits: int | None = None,
    signed: bool = False,
    thousands: bool = False,
    name: str | None = None,
    date: bool = False,
) -> Any:
    """Declare how a row's field is shown, in place of a plain dataclass field."""
    return dataclasses.field(
        metadata={"digits": digits, "signed": signed, "thousands": thousands, "name": name, "date": date}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns and rows, with the words to say when there are none."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    index: str | None = None  # the column that labels the rows, such as Date
    empty: str = "nothing to show"  # said on stderr where there is no row
    notes: tuple[str, ...] = ()  # said on stderr beside it: warnings, totals, where it comes from
    fault: str | None = None  # what is wrong in it: an error once it has been shown

    @classmethod
    def of(
        cls,
        rows: Iterable[Any],
        kind: type,
        *,
        index: str | None = None,
        empty: str = "nothing to show",
        notes: Sequence[str] = (),
        fault: str | None = None,
    ) -> Table:
        """Build a table from row values of one dataclass."""
        fields = dataclasses.fields(kind)
        return cls(
            columns=tuple(_column_of(f) for f in fields),
            rows=tuple(tuple(getattr(row, f.name) for f in fields) for row in rows),
            index=index,
            empty=empty,
            notes=tuple(notes),
            fault=fault,
        )

    @classmethod
    def from_mapping(
        cls,
        names: Sequence[str],
        rows: Sequence[Sequence[Value]],
        *,
        columns: Mapping[str, Column] | None = None,
        index: str | None = None,
        empty: str = "nothing to show",
        notes: Sequence[str] = (),
    ) -> Table:
        """Build a table whose columns are known only at run time, such as one column per symbol."""
        known = columns or {}
        return cls(
            columns=tuple(known.get(name, Column(name=name)) for name in names),
            rows=tuple(tuple(row) for row in rows),
            index=index,
            empty=empty,
            notes=tuple(notes),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)

    def frame(self) -> pd.DataFrame:
        """Turn it into a DataFrame: floats for decimals, UTC times, the index column as index.

        A column of days becomes naive midnights, as daily frames are compared by day.
        """
        import pandas as pd

        data: dict[str, Any] = {}
        for i, spec in enumerate(self.columns):
            values = [row[i] for row in self.rows]
            if any(isinstance(v, Decimal) for v in values):
                data[spec.name] = pd.Series(
                    [None if v is None else float(str(v)) for v in values], dtype="float64"
                )
            elif any(isinstance(v, datetime) for v in values):
                stamps = pd.to_datetime(pd.Series(values), utc=True)
                data[spec.name] = stamps.dt.tz_localize(None) if spec.date else stamps
            else:
                data[spec.name] = values
        frame = pd.DataFrame(data, columns=list(self.names))
        return frame.set_index(self.index) if self.index else frame


def _column_of(f: dataclasses.Field[Any]) -> Column:
    meta = f.metadata
    return Column(
        name=meta.get("name") or f.name,
        digits=meta.get("digits"),
        signed=meta.get("signed", False),
        thousands=meta.get("thousands", False),
        date=meta.get("date", False),
    )

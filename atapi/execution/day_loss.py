"""How much of its worth an account has lost since the UTC day began, remembered through restarts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from atapi.domain.numbers import ZERO, parse_plain, plain
from atapi.durable import remove_file, write_file
from atapi.errors import StorageError

NAME = "day"


class DayLoss:
    """Measures an account's worth against the first that was seen of the day.

    Args:
        folder: Of the account, where its journal is.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME

    def measure(self, worth: Decimal, at: datetime) -> Decimal:
        """Tell the loss as a fraction of what the account was worth first; zero where it gained.

        Raises:
            StorageError: What was remembered cannot be read or written.
        """
        today = at.date()
        started = self._read()
        if started is None or started[0] != today:
            write_file(self._file, f"{today.isoformat()} {plain(worth)}\n")
            return ZERO
        return max(ZERO, (started[1] - worth) / started[1]) if started[1] > 0 else ZERO

    def begin_anew(self) -> None:
        """Forget what the account was worth: the next look counts as the day's first."""
        remove_file(self._file)

    def _read(self) -> tuple[date, Decimal] | None:
        try:
            day, _, worth = self._file.read_text(encoding="ascii").strip().partition(" ")
            value = parse_plain(worth)
            if value is None:
                raise ValueError(worth)
            return date.fromisoformat(day), value
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as e:
            raise StorageError(f"{self._file} cannot be read: {e}", hint=f"rm {self._file}") from e

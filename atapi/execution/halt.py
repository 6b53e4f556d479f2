"""The kill switch: a file that is there or not.

`HALT` in the folder of an account stops that account, `HALT` in the home directory all of them; what is in it says
why. It survives whatever happens to us, every process looks for it before each order, and anybody who may write
there can pull it: `touch HALT`. Orders that take risk away, and cancels, pass.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from atapi.durable import remove_file, write_file
from atapi.errors import Refused

NAME = "HALT"
BY_HAND = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A stop that stands."""

    since: datetime
    why: str
    file: Path

    def refusal(self, hint: str = "limits resume") -> Refused:
        """Say so, as the answer to an order."""
        return Refused(f"trading is halted since {self.since:%H:%M} UTC: {self.why}", hint=hint)


class KillSwitch:
    """Looks for the file, makes it, removes it.

    Args:
        folder: Of the account, where its journal is.
        home: Of all accounts.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self._own = folder / NAME
        self._everywhere = home / NAME

    @property
    def files(self) -> Sequence[Path]:
        """Where a file stops trading: this account's own, and everybody's."""
        return self._own, self._everywhere

    def standing(self) -> Halt | None:
        """Tell what stops trading now, or None."""
        for file in self.files:
            if os.path.exists(file):  # asked before each order, and quicker than a Path's own
                return _read(file)
        return None

    def pull(self, why: str, at: datetime) -> Halt:
        """Stop this account until `release`; a stop that stands keeps its reason.

        Raises:
            StorageError: The file cannot be written; nothing is stopped.
        """
        standing = self.standing()
        if standing is None:
            write_file(self._own, f"{at.isoformat(timespec='seconds')} {why}\n")
        return standing or _read(self._own)

    def release(self) -> None:
        """Let this account trade again.

        Raises:
            Refused: The file of all accounts stands; whoever put it there removes it.
            StorageError: Its own cannot be removed.
        """
        remove_file(self._own)
        standing = self.standing()
        if standing is not None:
            raise standing.refusal(f"rm {standing.file}")


def _read(file: Path) -> Halt:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
        since = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError as e:  # it is there: that it cannot be read lifts nothing
        return Halt(
            since=datetime(1970, 1, 1, tzinfo=UTC), why=f"{file} cannot be read ({e.strerror})", file=file
        )
    first, _, rest = text.strip().partition(" ")
    try:
        return Halt(since=datetime.fromisoformat(first).astimezone(UTC), why=rest.strip(), file=file)
    except ValueError:
        return Halt(since=since, why=text.strip() or f"file {file}", file=file)

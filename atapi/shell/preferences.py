"""How this session shows things and how long it waits: the values that `set` shows and changes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta


class Preferences:
    """The values of one session; `atapi/shell/commands/set.py` says what each may be."""

    def __init__(self) -> None:
        self.symbols: list[str] = []  # empty: the services' own defaults
        self.quote = "USDT"
        self.rows: int | None = None  # 0 for all; None for 60, of which 10 beyond that
        self.width = "fit"
        self.color = "auto"
        self.debug = "off"
        self.timeout: timedelta | None = None  # None: as in the settings
        self.keep_going = "off"

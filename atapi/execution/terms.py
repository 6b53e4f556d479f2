"""What a transaction may do and how it goes about it: written down before anything is sent, read again to recover.

Quantities of the perpetual are never negative; `reverse` says which way round the spread stands. A spread is short the
perpetual and long spot; a reverse one is long the perpetual and short spot that was borrowed on cross margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Self

from atapi.domain.spreads import SpreadState
from atapi.domain.style import AT_ONCE, Route, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTerms:
    """What an opening may do."""

    quantity: Decimal  # perpetual, its own unit
    perp_limit: Decimal  # sell no lower; reverse: buy no higher
    spot_limit: Decimal  # buy no higher; reverse: sell no lower
    base_fee: Decimal  # fraction of a spot purchase the venue keeps in base asset; 0 for a sale
    adds: bool = False  # to a spread that stands, and goes on standing whatever becomes of this
    reverse: bool = False
    style: Style = AT_ONCE

    def as_text(self) -> dict[str, str]:
        """Write it for the journal."""
        return _text(self) | _text(self.style)

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> Self:
        """Read it from the journal; what an older journal does not say is as it was then."""
        return cls(**_read(cls, text), style=Style(**_read(Style, text)))

    @property
    def nothing(self) -> SpreadState:
        """Where the spread stands when nothing came of the opening."""
        return SpreadState.HEDGED if self.adds else SpreadState.FLAT


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTerms:
    """What a closing may do."""

    perp_quantity: Decimal  # to trade back, its own unit
    spot_quantity: Decimal  # to sell; reverse: to buy back net of fees, the debt with its interest
    spot_limit: Decimal  # sell no lower; reverse: buy no higher
    perp_limit: Decimal  # first tries buy no higher; reverse: sell no lower
    whole: bool  # nothing but dust is left after it
    base_fee: Decimal = Decimal(0)  # fraction of a spot purchase the venue keeps in base asset; reverse only
    reverse: bool = False
    style: Style = AT_ONCE

    def as_text(self) -> dict[str, str]:
        """Write it for the journal."""
        return _text(self) | _text(self.style)

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> Self:
        """Read it from the journal; what an older journal does not say is as it was then."""
        return cls(**_read(cls, text), style=Style(**_read(Style, text)))


_READERS: dict[str, Any] = {  # by the annotation's own words
    "Decimal": Decimal,
    "Decimal | None": Decimal,
    "int": int,
    "int | None": int,
    "bool": lambda text: text == "True",
    "Route": Route,
}


def _text(terms: OpenTerms | CloseTerms | Style) -> dict[str, str]:
    values = {f.name: getattr(terms, f.name) for f in fields(terms) if f.name != "style"}
    return {name: str(value) for name, value in values.items() if value is not None}


def _read(cls: type, text: Mapping[str, str]) -> dict[str, Any]:
    return {f.name: _READERS[str(f.type)](text[f.name]) for f in fields(cls) if f.name in text}

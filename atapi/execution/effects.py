"""What the engine asks for and what it is told: the only way it touches the world.

The engine is a set of generators. They yield an effect and are sent its result; one driver runs them on the real
venue, another may run them in a simulation. Nothing here does any I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from atapi.domain.instruments import Market
from atapi.domain.market import Depth
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest
from atapi.domain.spreads import LegName, SpreadState


class AttemptState(StrEnum):
    """Where one attempt at one leg stands."""

    SENDING = "SENDING"  # durable before the first byte leaves
    RESTING = "RESTING"  # accepted and live: it may fill, or end, at any time
    FILLED = "FILLED"
    PARTIAL = "PARTIAL"  # ended with a part executed
    REJECTED = "REJECTED"  # refused definitively, or ended with nothing executed
    ABSENT = "ABSENT"  # proven never to have been accepted

    @property
    def settled(self) -> bool:
        """Whether its outcome is known for good."""
        return self not in (AttemptState.SENDING, AttemptState.RESTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One order of ours, from intent to proven outcome: a row of the journal."""

    intent_id: int
    leg: LegName
    number: int
    request: OrderRequest
    state: AttemptState
    order_id: str | None = None
    executed: Decimal = Decimal(0)  # as the venue says, in the leg's own unit
    net: Decimal = Decimal(0)  # executed, less fees the venue took in the asset bought
    reason: str = ""  # why it was refused, or how absence was proven
    reason_code: int | None = None


# --- effects ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WriteAttempt:
    """Make an attempt durable; nothing may be sent before its result comes."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class WriteFills:
    """Make fills durable."""

    leg: LegName
    fills: tuple[Fill, ...]


@dataclass(frozen=True, slots=True)
class WriteState:
    """Make the spread's state durable."""

    state: SpreadState
    note: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """Send an order, once. Answered by `Answered`, `Rejected`, `NeverSent` or `Unclear`."""

    request: OrderRequest


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for an order by our id. Answered by `Answered`, `NotFound` or `Unclear`."""

    market: Market
    symbol: str
    client_order_id: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel an order by our id. Answered by `Answered`, `NotFound`, `Rejected` or `Unclear`; only `Answered` tells
    how it ended, for an order that is not found may have filled."""

    market: Market
    symbol: str
    client_order_id: str


@dataclass(frozen=True, slots=True)
class Amend:
    """Change an open order in place, once. Answered by None, `Rejected`, `NeverSent`, `NotFound` or `Unclear`."""

    amendment: Amendment


@dataclass(frozen=True, slots=True)
class Countdown:
    """Have the venue cancel all our orders of a futures symbol unless told again in time; 0 disarms it.

    Answered by None, or `Unclear`.
    """

    symbol: str
    seconds: int


@dataclass(frozen=True, slots=True)
class AskTraces:
    """Ask for own trades that an attempt may have made though it cannot be found: after it was written, on its side,
    and of no order the journal knows. Answered by a tuple of `Fill`, or `Unclear`."""

    request: OrderRequest
    within: timedelta  # of its being written; whatever it did, it did by then


@dataclass(frozen=True, slots=True)
class AskFills:
    """Ask for the fills of an order. Answered by a tuple of `Fill`, or `Unclear`."""

    market: Market
    symbol: str
    order_id: str


@dataclass(frozen=True, slots=True)
class AskDepth:
    """Ask for a book. Answered by `Depth`, or `Unclear`."""

    market: Market
    symbol: str
    levels: int = 5


@dataclass(frozen=True, slots=True)
class Now:
    """Ask for the venue's time. Answered by a `datetime`."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait. Answered by None, or `Stopped` where the operator may cut it short and did."""

    seconds: float
    why: str
    breaks: bool = False  # the operator may cut it short


@dataclass(frozen=True, slots=True)
class Tell:
    """Say a line to the operator. Answered by None."""

    line: str


Writing = WriteAttempt | WriteFills | WriteState
Reaching = Send | Ask | Cancel | Amend | Countdown | AskTraces | AskFills | AskDepth | Sleep
Effect = Writing | Reaching | Now | Tell

# --- results ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """The venue showed the order."""

    order: Order


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue refused, definitively; or our own last gate did, and not one byte left."""

    code: int | None
    message: str
    ours: bool = False  # the last gate's no


@dataclass(frozen=True, slots=True)
class NeverSent:
    """Not one byte left this machine."""

    message: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The venue shows no such order, which alone proves nothing."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """No usable answer."""

    message: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The operator asked for an end: begin nothing new."""


Result = (
    Answered
    | Rejected
    | NeverSent
    | NotFound
    | Unclear
    | Stopped
    | Depth
    | datetime
    | tuple[Fill, ...]
    | None
)

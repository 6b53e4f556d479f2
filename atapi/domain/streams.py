"""What is known of a stream that the venue pushes to us."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """One stream as it stands."""

    name: str  # "spot", "futures", "listing"
    live: bool
    heard: int  # events since the start
    down_s: float = 0.0  # how long it has been down; 0 while it is live
    why: str = ""  # why it is down

"""Which requests and events a fault befalls: by what they are, by their number among those, or by chance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random

from atapi.paper.records import Refusal

NAMES = (
    "market", "method", "path", "via", "account", "event", "symbol", "stream", "nth", "every", "times", "chance", "seed",
)  # fmt: skip
_NTH = re.compile(r"([0-9]{1,9})(-([0-9]{1,9}))?", re.ASCII)
_CHANCE = re.compile(r"0?\.[0-9]{1,9}|[01]|[0-9]{1,2}%|100%", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A request or an event that a fault may befall."""

    market: str
    via: str = ""  # "http", or "ws" for the WebSocket API
    method: str = ""
    path: str = ""
    account: str = ""  # its name
    event: str = ""  # `e` on the wire
    symbol: str = ""
    stream: str = ""  # name of the stream, where the connection is told it


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What a fault waits for. Patterns may hold `*` and `?`; an empty one fits all."""

    patterns: Mapping[str, str] = field(default_factory=dict)  # field of `Happening` -> pattern
    first: int = 1  # of those that fit, counted from when the fault was set
    last: int | None = None
    every: int = 1
    times: int | None = None  # how often it strikes at most
    chance: float = 1.0
    seed: int = 0

    @classmethod
    def read(cls, named: Mapping[str, str]) -> Where:
        """Make one of `NAME=VALUE` words; refusal -1102 where a value makes no sense."""
        patterns = {name: text for name, text in named.items() if name in _PATTERNS}
        first, last = _nth(named["nth"]) if "nth" in named else (1, None)
        return cls(
            patterns=patterns,
            first=first,
            last=last,
            every=_count("every", named.get("every", "1")),
            times=_count("times", named["times"]) if "times" in named else None,
            chance=_chance(named["chance"]) if "chance" in named else 1.0,
            seed=_count("seed", named.get("seed", "0"), least=0),
        )

    def fits(self, happening: Happening) -> bool:
        """Tell whether it is one of those the fault waits for."""
        return all(fnmatchcase(getattr(happening, name), text) for name, text in self.patterns.items())


class Counter:
    """Counts what fits a fault and says when it strikes; two of the same seed strike alike."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._random = Random(where.seed)
        self.met = 0
        self.struck = 0

    def strikes(self, happening: Happening) -> bool:
        """Count a happening where it fits, and tell whether the fault befalls it."""
        where = self._where
        if not where.fits(happening):
            return False
        self.met += 1
        due = self.met >= where.first and (where.last is None or self.met <= where.last)
        due = due and (self.met - where.first) % where.every == 0
        if where.chance < 1:  # drawn for each that fits, so that the sequence does not hang on the rest
            due = self._random.random() < where.chance and due
        if not due or (where.times is not None and self.struck >= where.times):
            return False
        self.struck += 1
        return True


_PATTERNS = frozenset(Happening.__slots__)


def _nth(text: str) -> tuple[int, int]:
    match = _NTH.fullmatch(text)
    first, last = (int(match[1]), int(match[3] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        raise Refusal(-1102, f"nth '{text}' is neither a number from 1 nor a range such as 3-5")
    return first, last


def _count(name: str, text: str, *, least: int = 1) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise Refusal(-1102, f"{name} '{text}' is not a whole number from {least}")
    return int(text)


def _chance(text: str) -> float:
    if not _CHANCE.fullmatch(text):
        raise Refusal(-1102, f"chance '{text}' is neither a fraction such as 0.1 nor 10%")
    return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)

"""Faults of the embedded exchange: set, listed, explained, cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from atapi.exchanges.paper_backroom import FaultWord, PaperFault
from atapi.table import Table


class FaultControl(Protocol):
    """The control path of an embedded exchange, as far as it is about faults."""

    def faults(self) -> Sequence[PaperFault]:
        """List the faults that stand."""
        ...

    def fault_words(self) -> Sequence[FaultWord]:
        """List the words a fault may begin with."""
        ...

    def add_fault(self, line: str) -> PaperFault:
        """Set a fault."""
        ...

    def clear_faults(self, number: int | None) -> int:
        """Take away one fault, or all."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """One fault that stands."""

    id: int
    fault: str
    met: int  # requests or events that fitted
    struck: int  # those it befell


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRow:
    """One word that a fault may begin with."""

    action: str
    value: str
    befalls: str
    about: str


@dataclass(frozen=True, slots=True)
class PaperFaults:
    """Lets the embedded exchange misbehave as it is told to."""

    control: FaultControl

    def list(self) -> Table:
        """List the faults that stand, what each has met and struck."""
        rows = [_row(fault) for fault in self.control.faults()]
        return Table.of(rows, FaultRow, empty="no fault is set")

    def words(self) -> Table:
        """Explain the words a fault may begin with."""
        rows = [
            WordRow(action=word.action, value=word.value, befalls=word.befalls, about=word.about)
            for word in self.control.fault_words()
        ]
        return Table.of(rows, WordRow)

    def add(self, words: Sequence[str]) -> Table:
        """Set a fault, written word by word, and show it."""
        line = " ".join(word.replace(" ", quote(" ")) for word in words)
        return Table.of([_row(self.control.add_fault(line))], FaultRow)

    def clear(self, number: int | None) -> Table:
        """Take one fault away, or all, and list what is left."""
        gone = self.control.clear_faults(number)
        rows = [_row(fault) for fault in self.control.faults()]
        said = "1 fault cleared" if gone == 1 else f"{gone} faults cleared"
        return Table.of(rows, FaultRow, empty=said, notes=(said,) if rows else ())


def _row(fault: PaperFault) -> FaultRow:
    return FaultRow(id=fault.number, fault=fault.fault, met=fault.met, struck=fault.struck)

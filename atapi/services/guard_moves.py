"""Transfers the guard makes by itself: written down before they are made, and never made again on a guess.

A transfer has no id of ours. After an unclear answer the venue's own record is asked; what it does not show a minute
later was never made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.clock import Clock, from_ms, to_ms
from atapi.domain.account import Wallet
from atapi.domain.guard import Check, Code, Deed, Severity
from atapi.domain.numbers import ZERO, plain
from atapi.errors import AtapiError, OutcomeUnknown
from atapi.exchanges.base import WalletVenue
from atapi.execution.executor import Executor
from atapi.services.valuation import money

NOTE = "move"
OVERLAP = timedelta(seconds=5)  # our clock against the venue's
GIVEN_UP = timedelta(minutes=1)  # a transfer that is not in the venue's record by then was never made
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One transfer as the journal has it."""

    number: int
    asset: str
    amount: Decimal
    source: Wallet
    target: Wallet
    at: datetime
    state: str  # sending | made | refused | absent
    transfer_id: str | None = None

    @property
    def words(self) -> str:
        """The transfer as one would type it."""
        return f"{plain(self.amount)}{self.asset.lower()} {self.source} {self.target}"


@dataclass(frozen=True, slots=True)
class Moves:
    """Makes transfers, and finds out about those whose answer was lost."""

    wallet: WalletVenue
    executor: Executor
    clock: Clock

    def all(self) -> list[Move]:
        """List every transfer of a guard's, oldest first, each as it was last written."""
        moves: dict[int, Move] = {}
        for note in self.executor.journal.notes(NOTE) if self.executor.begun else ():
            moves[note["move"]] = _read(note)
        return list(moves.values())

    def open(self) -> Move | None:
        """The transfer whose fate is not known yet, if there is one; nothing more is moved while there is."""
        return next((move for move in self.all() if move.state == "sending"), None)

    def spent(self, asset: str, source: Wallet, targets: Sequence[Wallet], since: datetime) -> Decimal:
        """Sum what was moved, or may have been, from a wallet to some others since a time."""
        return sum(
            (
                move.amount
                for move in self.all()
                if (move.asset, move.source) == (asset, source)
                and move.target in targets
                and move.at >= since
                and move.state in ("made", "sending")
            ),
            ZERO,
        )

    def make(self, asset: str, amount: Decimal, source: Wallet, target: Wallet, why: str) -> Deed:
        """Move funds, once."""
        move = Move(
            number=len(self.all()) + 1,
            asset=asset,
            amount=amount,
            source=source,
            target=target,
            at=self.clock.now(),
            state="sending",
        )
        self._note(move)
        what = f"moved {money(amount, asset)} from {source} to {target}: {why}"
        try:
            transfer_id = self.wallet.transfer(asset, amount, source, target)
        except OutcomeUnknown as e:
            return Deed(what=f"may have {what} ({e.message}); asking", done=False)
        except AtapiError as e:
            self._note(move, state="refused")
            return Deed(what=f"not {what}: {e.message}", done=False)
        self._note(move, state="made", transfer_id=transfer_id)
        return Deed(what=what, done=True)

    def settle(self) -> tuple[list[Deed], list[Check]]:
        """Find out about a transfer whose answer was lost; what cannot be told yet is a warning."""
        move = self.open()
        if move is None:
            return [], []
        known = {other.transfer_id for other in self.all() if other.transfer_id is not None}
        shown = self.wallet.transfers(move.source, move.target, start=move.at - OVERLAP)
        made = [
            t
            for t in shown
            if (t.asset, t.amount) == (move.asset, move.amount) and t.transfer_id not in known
        ]
        if made:
            self._note(move, state="made", transfer_id=made[0].transfer_id)
            return [Deed(what=f"the transfer {move.words} was made", done=True)], []
        if self.clock.now() - move.at > GIVEN_UP:
            self._note(move, state="absent")
            return [Deed(what=f"the transfer {move.words} was never made", done=True)], []
        check = Check.of_account(
            Code.MOVE,
            move.words,
            severity=Severity.WARNING,
            message=f"no answer for the transfer {move.words}; asking the venue's record, nothing else is moved",
        )
        return [], [check]

    def _note(self, move: Move, *, state: str = "sending", transfer_id: str | None = None) -> None:
        body: dict[str, Any] = {
            "move": move.number, "asset": move.asset, "amount": str(move.amount), "from": move.source.value,
            "to": move.target.value, "at_ms": to_ms(move.at), "state": state, "transfer": transfer_id,
        }  # fmt: skip
        self.executor.note(NOTE, body)


def _read(note: dict[str, Any]) -> Move:
    return Move(
        number=note["move"],
        asset=note["asset"],
        amount=Decimal(note["amount"]),
        source=Wallet(note["from"]),
        target=Wallet(note["to"]),
        at=from_ms(note["at_ms"]),
        state=note["state"],
        transfer_id=note["transfer"],
    )

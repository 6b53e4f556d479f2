"""The guard: while spreads are held, the account against the journal, again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from atapi.clock import Clock
from atapi.domain.guard import Policy, Sweep
from atapi.domain.spreads import Spread, SpreadState
from atapi.errors import Refused
from atapi.exchanges.base import EventStreams, SpotVenue, WalletVenue
from atapi.execution.executor import Executor
from atapi.execution.halt import Halt
from atapi.services.guard_hands import Mender
from atapi.services.guard_reader import GuardReader
from atapi.services.guard_rows import policy_table
from atapi.services.guard_run import Guard as Guard
from atapi.services.guard_run import Options as Options
from atapi.services.network import NetworkInfo
from atapi.services.reconcile import ReconcileService
from atapi.table import Table

POLICY = "guard-policy"  # kind of the note that gives a spread a policy


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardService:
    """Makes guards, and keeps what each spread's policy is."""

    spot: SpotVenue
    wallet: WalletVenue | None
    streams: EventStreams
    executor: Executor
    mender: Mender
    reconcile: ReconcileService
    halted: Callable[[], Halt | None]
    reader: Callable[[], GuardReader]
    info: NetworkInfo
    clock: Clock

    def begin(self, options: Options | None = None) -> Guard:
        """Make a guard; it looks when it is told to.

        Raises:
            Refused: It is to move funds where the network has no transfers.
        """
        self.info.need_key("guard")
        options = options or Options()
        if self.wallet is None and options.allowance.any:
            raise Refused(
                f"{self.info.name} has no transfers between wallets",
                hint="guard without --top-up and --keep-bnb",
            )
        return Guard(self, options)

    def sweep(self, options: Options | None = None) -> Sweep:
        """Look once."""
        return self.begin(options).sweep()

    def policies(self) -> dict[int, Policy]:
        """Tell the policy of each spread that was given one."""
        notes = self.executor.journal.notes(POLICY) if self.executor.begun else []
        return {note["spread"]: Policy(note["policy"]) for note in notes}

    def policy_table(self) -> Table:
        """List the policies of the spreads that stand."""
        return policy_table(self._standing(), self.policies(), Options().policy)

    def set_policy(self, which: str, policy: Policy) -> list[Spread]:
        """Give spreads a policy of their own, for good, and tell which they are.

        Args:
            which: A spread's id, or the symbol in which they stand.

        Raises:
            Refused: None stands there.
            StorageError: Another process may write to the journal.
        """
        found = [s for s in self._standing() if which in (str(s.spread_id), s.symbol)]
        if not found:
            raise Refused(f"no open spread {which}", hint="spreads")
        with self.executor.owning():
            for spread in found:
                self.executor.note(POLICY, {"spread": spread.spread_id, "policy": policy.value})
        return found

    def _standing(self) -> list[Spread]:
        return [s for s in self.executor.spreads() if s.state is not SpreadState.FLAT]

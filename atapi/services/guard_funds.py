"""The autopilots: collateral to where it is short, BNB to where fees are paid in it, both within limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from atapi.domain.account import Wallet
from atapi.domain.guard import Check, Code, Deed, Severity
from atapi.domain.instruments import Instrument
from atapi.domain.numbers import ZERO, ceil_to, floor_to, plain
from atapi.errors import AtapiError
from atapi.execution.executor import Executor
from atapi.services.guard_facts import Account, Terms
from atapi.services.guard_margin import Bounds, level_needs, needed
from atapi.services.guard_moves import DAY, Moves
from atapi.services.valuation import money

CENT = Decimal("0.01")
LEAST = Decimal(1)  # less is not worth a transfer
BNB_STEP = Decimal("0.00001")
STRAINED = frozenset({Code.MARGIN, Code.LIQUIDATION})
PURCHASE = "bnb-purchase"  # the note of what may be spent on BNB

Buy = Callable[[Decimal], str]  # buys so much BNB at market through the order path, and says what came of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the trader allows the guard to move and to spend; None where it may not."""

    top_up: Decimal | None = None  # quote asset, a day and in all of a run
    keep_bnb: Decimal | None = None  # BNB, in each wallet that pays fees in it
    buy_bnb: Decimal | None = None  # quote asset a day

    @property
    def any(self) -> bool:
        """Whether anything is allowed."""
        return self.top_up is not None or self.keep_bnb is not None


NOTHING = Allowance()


@dataclass
class Funds:
    """Moves funds while a guard runs."""

    moves: Moves
    allowance: Allowance
    bnb: Callable[[], Instrument]
    buy: Buy
    began_at: datetime
    _said: set[str] = field(default_factory=set)  # shortages told already

    def work(
        self, account: Account, terms: Terms, checks: Iterable[Check], bounds: Bounds, reserved: Decimal
    ) -> list[Deed]:
        """Do what is due; one move at a time, for what the next one needs is known only after it.

        Args:
            reserved: Quote asset on spot that unfinished transactions still need.
        """
        if not account.spreads or self.moves.open() is not None:
            return []
        return self._top_up(account, checks, bounds, reserved) or self._keep_bnb(account, terms)

    def blocked(self, checks: Iterable[Check], who: str) -> list[Deed]:
        """Say that another process may write, once it matters."""
        if self.allowance.top_up is None or not _strained(checks) & (STRAINED | {Code.LEVEL}):
            return []
        return self._once(
            "blocked", f"process {who} is trading on this journal: no funds are moved from here"
        )

    # --- collateral ---------------------------------------------------------------------------------------------
    def _top_up(
        self, account: Account, checks: Iterable[Check], bounds: Bounds, reserved: Decimal
    ) -> list[Deed]:
        limit, strained = self.allowance.top_up, _strained(checks)
        if limit is None:
            return []
        if strained & STRAINED:
            return self._bring(needed(account, bounds), Wallet.FUTURES, limit, account, reserved)
        if Code.LEVEL in strained and account.margin is not None:
            return self._bring(level_needs(account.margin, bounds), Wallet.MARGIN, limit, account, reserved)
        return []

    def _bring(
        self, wanted: Decimal, target: Wallet, limit: Decimal, account: Account, reserved: Decimal
    ) -> list[Deed]:
        asset = account.spreads[0].quote_asset
        since = min(self.began_at, account.at - DAY)
        spent = self.moves.spent(asset, Wallet.SPOT, (Wallet.FUTURES, Wallet.MARGIN), since)
        left, free = limit - spent, account.free.get(asset, ZERO) - reserved
        amount = floor_to(min(wanted, left, free), CENT)
        if amount >= min(LEAST, wanted) and amount > 0:
            self._said.discard(target)
            return [self.moves.make(asset, amount, Wallet.SPOT, target, "the margin is strained")]
        short = (
            "the limit is used up" if left < LEAST else f"spot has {money(max(free, ZERO), asset)} to give"
        )
        return self._once(target, f"{money(wanted, asset)} should go to {target}, but {short}")

    # --- BNB ----------------------------------------------------------------------------------------------------
    def _keep_bnb(self, account: Account, terms: Terms) -> list[Deed]:
        keep = self.allowance.keep_bnb
        if keep is None:
            return []
        spot, futures = account.free.get("BNB", ZERO), account.collateral.get("BNB", ZERO)
        low_spot = terms.bnb.spot and spot < keep / 2
        low_futures = terms.bnb.futures and futures < keep / 2
        if not low_spot and not low_futures:
            self._said.discard("BNB")
            return []
        spare_spot = spot - (keep if terms.bnb.spot else ZERO)
        spare_futures = futures - (keep if terms.bnb.futures else ZERO)
        least = keep / 4  # less would be moved again and again
        if low_futures and (amount := _step(min(keep - futures, spare_spot))) >= least:
            return [self.moves.make("BNB", amount, Wallet.SPOT, Wallet.FUTURES, "fees are paid in it")]
        if low_spot and (amount := _step(min(keep - spot, spare_futures))) >= least:
            return [self.moves.make("BNB", amount, Wallet.FUTURES, Wallet.SPOT, "fees are paid in it")]
        missing = max(ZERO, keep - spot if terms.bnb.spot else ZERO) + max(
            ZERO, keep - futures if low_futures else ZERO
        )
        return self._purchase(missing, account, terms)

    def _purchase(self, missing: Decimal, account: Account, terms: Terms) -> list[Deed]:
        limit, price = self.allowance.buy_bnb, terms.bnb_price
        if limit is None or price is None:
            return self._once(
                "BNB", f"{plain(missing)} BNB are missing for fees; --buy-bnb 20usdt would buy them"
            )
        rules = self.bnb()
        quantity = ceil_to(max(missing, rules.min_notional * Decimal("1.02") / price), rules.lot_size)
        cost = (quantity * price).quantize(CENT, ROUND_CEILING)
        left = limit - self._spent(account.at - DAY)
        if cost > left:
            return self._once(
                "BNB",
                f"{plain(quantity)} BNB cost {cost} {rules.quote_asset}, of the limit {plain(left)} are left",
            )
        executor = self.moves.executor
        executor.note(PURCHASE, {"quantity": str(quantity), "cost": str(cost), "at": account.at.isoformat()})
        try:
            return [Deed(what=self.buy(quantity), done=True)]
        except AtapiError as e:
            return [Deed(what=f"{plain(quantity)} BNB not bought: {e.message}", done=False)]

    def _spent(self, since: datetime) -> Decimal:
        notes = self.moves.executor.journal.notes(PURCHASE)
        return sum((Decimal(n["cost"]) for n in notes if datetime.fromisoformat(n["at"]) >= since), ZERO)

    def _once(self, about: str, what: str) -> list[Deed]:
        """Say a shortage when it begins, not at every sweep."""
        if about in self._said:
            return []
        self._said.add(about)
        return [Deed(what=what, done=False)]


def reserved(executor: Executor) -> Decimal:
    """Sum what unfinished openings may still spend on spot, in quote asset; it is not the guard's to move."""
    total = ZERO
    for intent in executor.journal.open_intents():
        if intent.kind == "open" and intent.spread_id is not None:
            spread = executor.journal.spread(intent.spread_id)
            quantity, limit = Decimal(intent.terms["quantity"]), Decimal(intent.terms["spot_limit"])
            total += quantity * spread.multiplier * limit
    return total


def _strained(checks: Iterable[Check]) -> set[Code]:
    return {check.code for check in checks if check.severity is not Severity.OK}


def _step(amount: Decimal) -> Decimal:
    return floor_to(amount, BNB_STEP)

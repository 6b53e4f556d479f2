"""Margin accounts as they stand, and what they may still borrow, repay or take out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.numbers import LEDGER_STEP
from atapi.matching import credit
from atapi.matching.credit import Bars, Debt
from atapi.matching.ledger import Holder
from atapi.matching.models.lending import borrow_limit, collateral_ratio, pool_size
from atapi.paper.backoffice import Backoffice
from atapi.paper.margin.loans import ASSETS, NOTHING, Loans
from atapi.paper.margin.terms import Terms
from atapi.paper.records import ZERO, Refusal

LEVERAGE = "leverage.margin"  # the setting
NOT_VALID = "Data sent for parameter 'amount' is not valid."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account at one moment; values in USDT."""

    balances: Mapping[str, tuple[Decimal, Decimal]]  # asset -> free, locked
    debts: Mapping[str, Debt]  # asset -> what is owed
    assets_value: Decimal
    debts_value: Decimal
    collateral_value: Decimal  # assets, each times its collateral ratio
    bars: Bars = credit.THREEFOLD

    @property
    def margin_level(self) -> Decimal:
        """Assets over debts: what decides about liquidation."""
        return credit.level(self.assets_value, self.debts_value)

    @property
    def collateral_level(self) -> Decimal:
        """Collateral over debts: what decides about borrowing and transferring out."""
        return credit.level(self.collateral_value, self.debts_value)


class MarginAccounts:
    """Values accounts and judges what they ask for."""

    def __init__(self, office: Backoffice, terms: Terms, loans: Loans) -> None:
        self._office = office
        self._terms = terms
        self._loans = loans

    def standing(self, account: str, now_ms: int) -> Standing:
        """Value an account; what has no price is worth nothing."""
        balances = self._office.wallets.of(Holder(account, ASSETS))
        debts = self._loans.debts(account)
        prices = {asset: self._terms.price(asset, now_ms) or ZERO for asset in {*balances, *debts}}
        worth = {asset: (free + locked) * prices[asset] for asset, (free, locked) in balances.items()}
        return Standing(
            balances=balances,
            debts=debts,
            assets_value=sum(worth.values(), ZERO),
            debts_value=sum((debt.total * prices[asset] for asset, debt in debts.items()), ZERO),
            collateral_value=sum((value * collateral_ratio(a) for a, value in worth.items()), ZERO),
            bars=credit.BARS[self.leverage(account)],
        )

    def leverage(self, account: str) -> int:
        """Tell the most leverage an account has chosen."""
        return int(self._office.accounts.setting(account, LEVERAGE, "3"))

    def set_leverage(self, account: str, leverage: int) -> None:
        """Choose three- or fivefold leverage; what is owed by then stays owed."""
        self._office.accounts.set(account, LEVERAGE, str(leverage))

    # --- allowances ---------------------------------------------------------------------------------------------
    def limit(self, asset: str, now_ms: int) -> Decimal:
        """Tell the most a user may owe of an asset; 0 where it is not lent."""
        price = self._terms.price(asset, now_ms)
        return borrow_limit(price) if price else ZERO

    def inventory(self, asset: str, now_ms: int) -> Decimal:
        """Tell how much of an asset lenders have left."""
        price = self._terms.price(asset, now_ms)
        return max(ZERO, pool_size(price) - self._loans.lent(asset)) if price else ZERO

    def allowance(self, account: str, asset: str, now_ms: int) -> Decimal:
        """Tell how much more collateral and limit allow an account to borrow, whatever lenders have."""
        price = self._terms.price(asset, now_ms)
        if not price:
            return ZERO
        now = self.standing(account, now_ms)
        ratio = collateral_ratio(asset)
        value = credit.borrowable(now.collateral_value, now.debts_value, ratio=ratio, bar=now.bars.normal)
        owed = now.debts.get(asset, NOTHING).principal
        return credit.down(max(ZERO, min(value / price, self.limit(asset, now_ms) - owed)))

    def borrowable(self, account: str, asset: str, now_ms: int) -> Decimal:
        """Tell how much an account can borrow now."""
        return min(self.allowance(account, asset, now_ms), self.inventory(asset, now_ms))

    def transferable(self, account: str, asset: str, now_ms: int) -> Decimal:
        """Tell how much may leave the account."""
        free = self._office.wallets.free(Holder(account, ASSETS), asset)
        now = self.standing(account, now_ms)
        ratio, price = collateral_ratio(asset), self._terms.price(asset, now_ms)
        most = credit.removable(now.collateral_value, now.debts_value, ratio=ratio)
        if most is None or not price:  # nothing owed, or worth nothing
            return free
        return max(ZERO, min(free, credit.down(most / price)))

    def check_asset(self, asset: str) -> None:
        """Refuse an asset that margin does not know."""
        self._terms.check_asset(asset)

    # --- judgements ---------------------------------------------------------------------------------------------
    def judge_borrow(self, account: str, asset: str, amount: Decimal, now_ms: int) -> None:
        """Refuse a loan that is too small, too large, or more than lenders have."""
        self._terms.check_asset(asset)
        _check_amount(amount, Refusal(-3013, "Borrow amount less than minimum borrow amount."))
        if not self._terms.price(asset, now_ms):
            raise Refusal(-3012, "Borrow is banned for this asset.")
        if amount > self.allowance(account, asset, now_ms):
            raise Refusal(-3006, "Your borrow amount has exceed maximum borrow amount.")
        if amount > self.inventory(asset, now_ms):
            raise Refusal(-3045, "The system doesn't have enough asset now.")

    def judge_repay(self, account: str, asset: str, amount: Decimal, now_ms: int) -> None:
        """Refuse a repayment that is too small, more than is owed, or more than there is."""
        self._terms.check_asset(asset)
        _check_amount(amount, Refusal(-3016, "Repay amount less than minimum repay amount."))
        if amount > self._loans.debt(account, asset).total:
            raise Refusal(-3015, "Repay amount exceeds borrow amount.")
        if amount > self._office.wallets.free(Holder(account, ASSETS), asset):
            raise Refusal(-3041, "Balance is not enough")

    def judge_transfer_out(self, account: str, asset: str, amount: Decimal, now_ms: int) -> None:
        """Refuse to let go of what is not there, or of what debts need as collateral."""
        if amount > self._office.wallets.free(Holder(account, ASSETS), asset):
            raise Refusal(-3041, "Balance is not enough")
        if amount <= self.transferable(account, asset, now_ms):
            return
        if self.standing(account, now_ms).collateral_level <= credit.TRANSFER_BAR:
            raise Refusal(-3023, "You can't transfer out/place order under current margin level.")
        raise Refusal(-3020, "Transfer out amount exceeds max amount.")


def _check_amount(amount: Decimal, too_small: Refusal) -> None:
    if not amount.is_finite():
        raise Refusal(-1130, NOT_VALID)
    if amount <= 0:
        raise too_small
    if amount % LEDGER_STEP:
        raise Refusal(-1111, "Parameter 'amount' has too much precision.")

"""How an account trades perpetuals: one-way or hedged, cross or isolated, one margin asset or all."""

from __future__ import annotations

from collections.abc import Mapping

from atapi.matching.margin import max_leverage
from atapi.paper.accounts import Accounts
from atapi.paper.feeds.base import PerpetualRules

BOTH, LONG, SHORT = "BOTH", "LONG", "SHORT"
CROSSED, ISOLATED = "CROSSED", "ISOLATED"
OPENS = {LONG: "BUY", SHORT: "SELL"}  # the side of an order that opens a leg


class UmModes:
    """Modes of all accounts, as they were set."""

    def __init__(self, accounts: Accounts, rules: Mapping[str, PerpetualRules], market: str = "um") -> None:
        self._market = market
        self._accounts = accounts
        self._rules = rules
        self._hedged: dict[str, bool] = accounts.memo()  # account -> hedge mode
        self._isolated: dict[tuple[str, str], bool] = accounts.memo()  # (account, symbol) -> isolated
        self._leverage: dict[tuple[str, str], int] = accounts.memo()  # (account, symbol) -> as it was set

    def hedged(self, account: str) -> bool:
        """Whether a symbol may be held long and short at once; on both futures markets alike."""
        known = self._hedged.get(account)
        if known is None:
            known = self._hedged[account] = self._accounts.setting(account, "dual_side", "false") == "true"
        return known

    def set_hedged(self, account: str, on: bool) -> None:
        """Switch hedge mode."""
        self._accounts.set(account, "dual_side", "true" if on else "false")

    def joined(self, account: str) -> bool:
        """Whether all assets margin all positions (multi-assets mode), which COIN-M does not know."""
        own = self._accounts.setting(account, "multi_assets", "false") == "true"
        return own and self._market == "um"

    def set_joined(self, account: str, on: bool) -> None:
        """Switch multi-assets mode."""
        self._accounts.set(account, "multi_assets", "true" if on else "false")

    def isolated(self, account: str, symbol: str) -> bool:
        """Whether positions in a symbol stand on margin of their own."""
        known = self._isolated.get((account, symbol))
        if known is None:
            known = self._accounts.setting(account, f"margin_type.{symbol}", CROSSED) == ISOLATED
            self._isolated[account, symbol] = known
        return known

    def set_isolated(self, account: str, symbol: str, on: bool) -> None:
        """Switch the margin type of a symbol."""
        self._accounts.set(account, f"margin_type.{symbol}", ISOLATED if on else CROSSED)

    def any_isolated(self, account: str) -> bool:
        """Whether any symbol is on isolated margin."""
        return any(self.isolated(account, symbol) for symbol in self._rules)

    def leverage(self, account: str, symbol: str) -> int:
        """Leverage of a symbol: what was set, else 20 or the most that the symbol allows."""
        known = self._leverage.get((account, symbol))
        if known is None:
            known = self._leverage[account, symbol] = self._accounts.leverage(account, symbol)
        return min(known, max_leverage(self._rules[symbol].brackets))

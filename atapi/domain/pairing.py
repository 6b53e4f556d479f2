"""Coins of a spread paired across its legs: what a pair was entered and left at, and what never had another leg.

An entry waits for the other leg's entry; what meets is a pair. An exit of spot takes from pairs first, so that dust
stays to the last; an exit of the perpetual takes first what spot never followed. A pair is left once both legs left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from atapi.domain.numbers import ONE, ZERO, to_ledger


@dataclass(slots=True)
class Pool:
    """A quantity and what it was bought or sold for, both signed alike."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO

    def put(self, quantity: Decimal, cost: Decimal) -> None:
        """Add to it."""
        self.quantity += quantity
        self.cost += cost

    def trade(self, quantity: Decimal, cost: Decimal) -> Decimal:
        """Put in or take out, past zero if need be, and tell what the part that went out earned."""
        if self.quantity * quantity >= 0:
            self.put(quantity, cost)
            return ZERO
        if abs(quantity) <= abs(self.quantity):
            return -cost - self.take(-quantity)
        whole = self.quantity
        share = to_ledger(cost * -whole / quantity)
        gained = -share - self.take(whole)
        self.put(quantity + whole, cost - share)
        return gained

    def take(self, quantity: Decimal) -> Decimal:
        """Take a quantity out, at most what is there, and tell what it cost: its share, to the ledger's last digit."""
        assert abs(quantity) <= abs(self.quantity), (quantity, self.quantity)
        whole = quantity == self.quantity
        cost = self.cost if whole else to_ledger(self.cost * quantity / self.quantity)
        self.put(-quantity, -cost)
        return cost


@dataclass(slots=True)
class Leg:
    """One leg in coins: what waits for the other leg to enter, what is paired, what left and waits for it to leave."""

    waiting: Pool = field(default_factory=Pool)
    paired: Pool = field(default_factory=Pool)
    leaving: Pool = field(default_factory=Pool)  # of what is still in `paired`; cost is what it was left at

    @property
    def quantity(self) -> Decimal:
        """What is held, signed."""
        return self.waiting.quantity + self.paired.quantity - self.leaving.quantity


class Pairing:
    """Follows both legs of one spread in coins and tells what leaving pairs earned."""

    def __init__(self, step: Decimal) -> None:
        self._step = step
        self.perp, self.spot = Leg(), Leg()

    def trade(self, leg: Leg, quantity: Decimal, cost: Decimal) -> tuple[Decimal, Decimal]:
        """Book a signed quantity of coins that was traded for a cost signed alike; tell basis and dust earned."""
        held = leg.quantity
        if held * quantity >= 0:
            leg.waiting.put(quantity, cost)
            self._pair()
            return ZERO, ZERO
        out = max(-abs(held), -abs(quantity)).copy_sign(quantity)
        share = to_ledger(cost * out / quantity)
        dust = self._leave(leg, out, share)
        basis = self._part()
        if out != quantity:
            self.trade(leg, quantity - out, cost - share)
        return basis, dust

    def shrink(self, quantity: Decimal, cost: Decimal) -> None:
        """Book coins of the spot leg that were charged, not traded."""
        self.spot.waiting.put(quantity, cost)

    def open_basis(self, perp_price: Decimal, spot_price: Decimal) -> Decimal:
        """Tell what the pairs that stand would earn at these prices of a coin."""
        left = max(abs(self.perp.leaving.quantity), abs(self.spot.leaving.quantity))
        whole = abs(self.spot.paired.quantity)
        standing = whole - left
        if not standing:
            return ZERO
        share = ONE if standing == whole else standing / whole
        sign = ONE.copy_sign(self.spot.paired.quantity)
        now = sign * standing * (spot_price - perp_price)
        return to_ledger(now - share * (self.spot.paired.cost + self.perp.paired.cost))

    def dust(self, spot_price: Decimal, *, flat: bool) -> Decimal:
        """Tell what coins that no perpetual stands against earned, where they are fewer than a step or all that is left."""
        spare = self.spot.waiting
        if flat:  # what could not be sold is left of pairs, too
            spare = Pool(self.spot.quantity, spare.cost + self.spot.paired.cost)
        elif abs(spare.quantity) >= self._step:
            return ZERO
        return to_ledger(spare.quantity * spot_price) - spare.cost

    # --- inside -------------------------------------------------------------------------------------------------
    def _pair(self) -> None:
        perp, spot = self.perp.waiting, self.spot.waiting
        if perp.quantity * spot.quantity >= 0:
            return
        coins = min(abs(perp.quantity), abs(spot.quantity))
        for leg in (self.perp, self.spot):
            quantity = coins.copy_sign(leg.waiting.quantity)
            leg.paired.put(quantity, leg.waiting.take(quantity))

    def _leave(self, leg: Leg, quantity: Decimal, cost: Decimal) -> Decimal:
        """Take coins out of a leg, from what nothing stands against or from pairs; tell what dust earned."""
        if leg is self.perp:  # what spot could not follow is taken back first
            spare = min(abs(leg.waiting.quantity), abs(quantity))
        else:  # dust stays to the last
            free = abs(leg.paired.quantity) - abs(leg.leaving.quantity)
            spare = abs(quantity) - min(abs(quantity), free)
        bare = spare.copy_sign(quantity)
        share = to_ledger(cost * bare / quantity)
        leg.leaving.put(-(quantity - bare), -(cost - share))
        small = leg is self.spot and abs(leg.waiting.quantity) < self._step
        was = leg.waiting.take(-bare) if bare else ZERO
        return -share - was if small else ZERO

    def _part(self) -> Decimal:
        """Take out the pairs that both legs have left, and tell their basis."""
        coins = min(abs(self.perp.leaving.quantity), abs(self.spot.leaving.quantity))
        if not coins:
            return ZERO
        earned = ZERO
        for leg in (self.perp, self.spot):
            quantity = coins.copy_sign(leg.leaving.quantity)
            earned += leg.leaving.take(quantity) - leg.paired.take(quantity)
        return earned

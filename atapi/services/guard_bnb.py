"""Judges how many more fills BNB pays for, in each wallet that pays its fees in it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from atapi.domain.guard import Check, Code, Severity
from atapi.domain.numbers import ZERO, plain
from atapi.domain.spreads import Spread
from atapi.services.guard_facts import Account, Standing, Terms
from atapi.services.guard_margin import Bounds

STEP = Decimal("0.001")  # of what is suggested to be moved


def check_bnb(account: Account, terms: Terms, standing: Sequence[Standing], bounds: Bounds) -> list[Check]:
    """See that closing at once could be paid for in BNB, and some more; the dearest fill counts."""
    checks = []
    for wallet, other, on, held in (
        ("spot", "futures", terms.bnb.spot, account.coins),
        ("futures", "spot", terms.bnb.futures, account.collateral),
    ):
        if not on or terms.bnb_price is None:
            continue
        dearest = max((fee_in_bnb(s.spread, terms, wallet) for s in standing), default=ZERO)
        bnb = held.get("BNB", ZERO)
        left = int(bnb / dearest) if dearest else bounds.fills_left
        more = (dearest * 4 * bounds.fills_left).quantize(STEP, ROUND_CEILING)
        checks.append(
            Check.of_account(
                Code.BNB,
                f"{wallet} {plain(bnb)}, {left} fills",
                about=wallet,
                limit=f"{bounds.fills_left} fills",
                severity=Severity.OK if left >= bounds.fills_left else Severity.WARNING,
                message=f"{plain(bnb)} BNB in {wallet} pays for {left} more fills of this size;"
                f" then fees are dearer{' and kept in the coins bought' if wallet == 'spot' else ''}",
                mend=f"transfer {plain(more)}bnb {other} {wallet}",
            )
        )
    return checks


def fee_in_bnb(spread: Spread, terms: Terms, wallet: str) -> Decimal:
    """Tell what closing one leg of a spread at once costs in BNB."""
    assert terms.bnb_price is not None
    spot = wallet == "spot"
    fees = (terms.spot_fees if spot else terms.perp_fees).get(spread.symbol)
    if fees is None:
        return ZERO  # it does not trade any more
    rate = fees.taker * (terms.bnb.spot_multiplier if spot else terms.bnb.futures_multiplier)
    return abs(spread.perp_quantity) * terms.prices[spread.symbol] * rate / terms.bnb_price

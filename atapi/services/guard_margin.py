"""Judges what keeps the legs alive: margin ratio, distance to liquidation, collateral, level of borrowed margin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from atapi.domain.account import Position
from atapi.domain.amounts import PERCENT
from atapi.domain.guard import Check, Code, Severity
from atapi.domain.margin import CALL_BAR, LIQUIDATION_BAR, NO_DEBT, MarginAccount
from atapi.domain.numbers import ONE, ZERO, plain
from atapi.services.guard_facts import Account, Standing
from atapi.services.valuation import money

RAMP = Decimal("0.10")  # the fastest move guarded against: a tenth of the price a minute
FRESH = timedelta(minutes=10)  # collateral that left so lately is an alarm whatever is left
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """From where on a figure is a warning, and from where on an alarm."""

    reach: Decimal  # how far the price may go before the guard can have acted, fraction
    margin_warning: Decimal = Decimal("0.50")  # maintenance margin over margin balance
    margin_alarm: Decimal = Decimal("0.70")
    level_warning: Decimal = Decimal("1.5")  # assets over debts of the margin account
    level_alarm: Decimal = CALL_BAR
    fills_left: int = 4  # that BNB pays for

    @classmethod
    def at(cls, every: timedelta) -> Bounds:
        """Bounds of a guard that looks every so often: one look may fail, and acting takes five seconds.

        >>> Bounds.at(timedelta(seconds=5)).reach
        Decimal('0.025')
        """
        return cls(reach=RAMP * (2 * Decimal(every // timedelta(milliseconds=1)) / 1000 + 5) / 60)


def distance(risk: Position) -> Decimal | None:
    """Tell how far the mark price is from liquidation, as a fraction; None where there is no such price."""
    return None if risk.liquidation_price is None else abs(risk.liquidation_price / risk.mark_price - 1)


def ratio(account: Account) -> Decimal:
    """Maintenance margin over margin balance; 1 liquidates, and so does having nothing."""
    futures = account.futures
    if not futures.maintenance_margin:
        return ZERO
    return futures.maintenance_margin / futures.margin_balance if futures.margin_balance > 0 else ONE


def needed(account: Account, bounds: Bounds) -> Decimal:
    """Collateral that brings the margin ratio to half its warning and every price four reaches away, in whole units."""
    missing = (
        account.futures.maintenance_margin / (bounds.margin_warning / 2) - account.futures.margin_balance
    )
    for risk in account.risks.values():
        away = distance(risk)
        if away is not None:
            missing = max(missing, (4 * bounds.reach - away) * abs(risk.quantity) * risk.mark_price)
    return max(missing, ZERO).to_integral_value(ROUND_CEILING)


def level_needs(margin: MarginAccount, bounds: Bounds) -> Decimal:
    """Collateral that brings the margin level a half above its warning, in whole units."""
    missing = (bounds.level_warning + Decimal("0.5") - margin.level) * margin.debts
    return max(missing, ZERO).to_integral_value(ROUND_CEILING)


def check_liquidation(standing: Standing, account: Account, bounds: Bounds) -> Check:
    """See that the price cannot get to liquidation before the guard looks again."""
    spread, limit = standing.spread, f"{bounds.reach / PERCENT:.1f}%"
    risk = account.risks.get(spread.symbol)
    away = None if risk is None else distance(risk)
    if risk is None or away is None:
        return Check.of(spread, Code.LIQUIDATION, "none", limit=limit)
    return Check.of(
        spread,
        Code.LIQUIDATION,
        f"{away / PERCENT:.1f}%",
        limit=limit,
        severity=_severity(-away, -2 * bounds.reach, -bounds.reach),
        message=f"{spread.symbol} is {away / PERCENT:.1f}% from liquidation at {plain(risk.liquidation_price or ZERO)}"
        f" (mark {plain(risk.mark_price)})",
        mend=_top_up(account, bounds, spread.quote_asset),
    )


def check_margin(account: Account, bounds: Bounds, asset: str) -> Check:
    """See that the futures wallet bears its positions."""
    futures, share = account.futures, ratio(account)
    return Check.of_account(
        Code.MARGIN,
        f"{share / PERCENT:.1f}%",
        limit=f"{bounds.margin_alarm / PERCENT:.0f}%",
        severity=_severity(share, bounds.margin_warning, bounds.margin_alarm),
        message=f"the margin ratio is {share / PERCENT:.1f}%: maintenance"
        f" {_money(futures.maintenance_margin, asset)} of {_money(futures.margin_balance, asset)}; 100% liquidates",
        mend=_top_up(account, bounds, asset),
    )


def check_level(account: Account, bounds: Bounds, asset: str) -> list[Check]:
    """See that the margin account bears what it owes; nothing to see where it owes nothing."""
    if account.margin is None or account.margin.level >= NO_DEBT:
        return []
    level = account.margin.level
    return [
        Check.of_account(
            Code.LEVEL,
            f"{level:.2f}",
            limit=f"{bounds.level_alarm}",
            severity=_severity(-level, -bounds.level_warning, -bounds.level_alarm),
            message=f"the margin level is {level:.2f}; the venue calls at {CALL_BAR} and liquidates at {LIQUIDATION_BAR}",
            mend=f"transfer {plain(level_needs(account.margin, bounds))}{asset.lower()} spot margin",
        )
    ]


def check_collateral(account: Account, bounds: Bounds, asset: str) -> Check:
    """See that nobody takes the collateral away from under a spread and does not bring it back."""
    net, last = ZERO, account.at
    for line in account.moved:
        if line.asset == asset:
            net = min(ZERO, net + line.amount)  # what came in before is no excuse for what goes out
            last = line.at if line.amount < 0 else last
    if not net:
        return Check.of_account(Code.COLLATERAL, _money(net, asset), limit="0.00")
    dear = ratio(account) >= bounds.margin_warning or account.at - last <= FRESH
    return Check.of_account(
        Code.COLLATERAL,
        _money(net, asset),
        limit="0.00",
        severity=Severity.ALARM if dear else Severity.WARNING,
        message=f"{_money(-net, asset)} left the futures wallet under standing spreads, last {last:%H:%M:%S} UTC;"
        f" the margin ratio is {ratio(account) / PERCENT:.1f}%",
        mend=f"transfer {plain(-net)}{asset.lower()} spot futures",
    )


def _severity(value: Decimal, warning: Decimal, alarm: Decimal) -> Severity:
    if value >= alarm:
        return Severity.ALARM
    return Severity.WARNING if value >= warning else Severity.OK


def _top_up(account: Account, bounds: Bounds, asset: str) -> str:
    return f"transfer {plain(needed(account, bounds))}{asset.lower()} spot futures"


def _money(value: Decimal, asset: str) -> str:
    return money(value.quantize(CENT), asset)

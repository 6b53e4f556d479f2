"""Request weights and order counts: counted in fixed windows of real time, told in headers, refused with 429 and 418.

Everything comes from this machine, so there is one address; orders are counted per account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.wire.http import Answer, refusal_answer

SECOND, MINUTE, DAY = 1000, 60_000, 86_400_000
BAN_AFTER = 20  # requests sent in spite of 429 before the address is banned; Binance does not say how many
BAN_MS = 2 * MINUTE
SAPI_WEIGHT = 12_000  # per minute and endpoint, where it is counted by address
SAPI_ACCOUNT_WEIGHT = 180_000  # where it is counted by account

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of `rateLimits`."""

    kind: str  # REQUEST_WEIGHT, ORDERS, RAW_REQUESTS
    interval: str  # SECOND, MINUTE, DAY
    count: int  # how many intervals long
    limit: int

    @property
    def span_ms(self) -> int:
        """Length of the window."""
        return self.count * {"SECOND": SECOND, "MINUTE": MINUTE, "DAY": DAY}[self.interval]

    @property
    def suffix(self) -> str:
        """How headers name the window: `10s`, `1m`."""
        return f"{self.count}{self.interval[0].lower()}"

    def wire(self) -> dict[str, Any]:
        """Print as exchangeInfo does."""
        return {
            "rateLimitType": self.kind,
            "interval": self.interval,
            "intervalNum": self.count,
            "limit": self.limit,
        }


RULES = {
    "spot": (
        Rule("REQUEST_WEIGHT", "MINUTE", 1, 6000),
        Rule("ORDERS", "SECOND", 10, 100),
        Rule("ORDERS", "DAY", 1, 200_000),
        Rule("RAW_REQUESTS", "MINUTE", 5, 300_000),
    ),
    "um": (
        Rule("REQUEST_WEIGHT", "MINUTE", 1, 2400),
        Rule("ORDERS", "MINUTE", 1, 1200),
        Rule("ORDERS", "SECOND", 10, 300),
    ),
}


SIDE_POOLS = {  # requests of futures that weigh nothing and are counted apart, by address
    "funding": Rule("REQUEST_WEIGHT", "MINUTE", 5, 500),
    "statistics": Rule("REQUEST_WEIGHT", "MINUTE", 5, 1000),
}
CONNECTIONS = Rule("CONNECTIONS", "MINUTE", 5, 300)  # attempts, of streams and of the WebSocket API each
TOO_MUCH_WEIGHT = (
    "Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
    "Please use WebSocket Streams for live updates to avoid polling the API."
)
TOO_MANY_CONNECTIONS = "Too many connection attempts from IP; current limit is 300 per '5 MINUTE'."
POOLS = {"spot": "spot", "um": "um", "cm": "um"}  # USD-M and COIN-M draw on one pool since 2026-06-30


class Window:
    """A counter that begins again with every span."""

    __slots__ = ("_end", "_span", "count", "header", "limit", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.limit = rule.limit
        self.header = f"x-mbx-order-count-{rule.suffix}"
        self.count = 0
        self._span = rule.span_ms
        self._end = 0

    def roll(self, now_ms: int) -> None:
        """Begin again where a new span has begun."""
        if not self._end - self._span <= now_ms < self._end:
            self._end = now_ms - now_ms % self._span + self._span
            self.count = 0

    def left_s(self, now_ms: int) -> int:
        """Whole seconds until it begins again, at least one."""
        return max(1, -(-(self._end - now_ms) // SECOND))


class Limits:
    """The counters of one market.

    Args:
        market: `spot` or `um`.
        clock_ms: Real time; the exchange's own clock may stand still.
        enforced: Whether anything is refused; headers are sent either way.
    """

    def __init__(self, market: str, clock_ms: Callable[[], int], *, enforced: bool = True) -> None:
        self.market = market
        self._clock_ms = clock_ms
        self._enforced = enforced
        self.rules = RULES[market]
        self._weight = Window(self.rules[0])
        self._sapi: dict[tuple[str, str | None], Window] = {}  # path, account -> its own pool
        self._side = {name: Window(rule) for name, rule in SIDE_POOLS.items()}
        self._connections: dict[str, Window] = {}  # kind -> attempts
        self._orders: dict[str, tuple[Window, ...]] = {}  # account -> one counter a rule
        self._defiant = 0  # requests since the first 429 of this window
        self._banned_until_ms = 0

    # --- request weight -------------------------------------------------------------------------------------
    def refuse(self) -> Answer | None:
        """Tell whether the address has to wait: 429, or 418 where it would not hear."""
        now = self._clock_ms()
        if now < self._banned_until_ms:
            return self._banned(now)
        self._weight.roll(now)
        if not self._enforced or self._weight.count < self._weight.limit:
            self._defiant = 0
            return None
        self._defiant += 1
        if self._defiant > BAN_AFTER:
            self._banned_until_ms = now + BAN_MS
            return self._banned(now)
        wait = (("Retry-After", str(self._weight.left_s(now))),)
        return refusal_answer(-1003, self._too_much(), 429).with_headers(wait + self.headers())

    def charge(self, weight: int) -> None:
        """Count what a request weighs, or take it back where negative."""
        count = self._weight.count + weight
        self._weight.count = count if count > 0 else 0

    def draw(self, pool: str) -> None:
        """Count a request in a pool of its own; refusal -1003 over the limit."""
        window = self._side[pool]
        window.roll(self._clock_ms())
        if self._enforced and window.count >= window.limit:
            raise Refusal(
                -1003,
                f"Too many requests; current limit is {window.limit} requests per {window.rule.count} minutes. "
                "Please use the websocket for live updates to avoid polling the API.",
                429,
            )
        window.count += 1

    def headers(self) -> Headers:
        """Tell what this minute has used."""
        used = str(self._weight.count)
        return (("x-mbx-used-weight", used), ("x-mbx-used-weight-1m", used))

    def usage(self) -> list[dict[str, Any]]:
        """List what this minute has used, as the WebSocket API does."""
        return [self._weight.rule.wire() | {"count": self._weight.count}]

    def refuse_sapi(self, path: str, account: str | None) -> Answer | None:
        """Tell whether a wallet endpoint's own pool is used up: 429 until its minute is over."""
        window = self._sapi.get((path, account))
        if window is None or not self._enforced:
            return None
        now = self._clock_ms()
        window.roll(now)
        if window.count < window.rule.limit:
            return None
        message = TOO_MUCH_WEIGHT.format(limit=window.rule.limit)
        return refusal_answer(-1003, message, 429).with_headers((("Retry-After", str(window.left_s(now))),))

    def sapi_headers(self, path: str, weight: int, account: str | None = None) -> Headers:
        """Count a request in its endpoint's own pool, the account's where one is given, and tell what that has used."""
        key = (path, account)
        window = self._sapi.get(key)
        if window is None:
            most = SAPI_WEIGHT if account is None else SAPI_ACCOUNT_WEIGHT
            window = self._sapi[key] = Window(Rule("REQUEST_WEIGHT", "MINUTE", 1, most))
        window.roll(self._clock_ms())
        window.count += weight
        kind = "ip" if account is None else "uid"
        return ((f"x-sapi-used-{kind}-weight-1m", str(window.count)),)

    # --- connections ----------------------------------------------------------------------------------------
    def count_connection(self, kind: str) -> Answer | None:
        """Count an attempt to open a WebSocket of a kind: 429 where spot has seen too many in five minutes."""
        if self.market != "spot":
            return None
        window = self._connections.setdefault(kind, Window(CONNECTIONS))
        now = self._clock_ms()
        window.roll(now)
        window.count += 1
        if not self._enforced or window.count <= CONNECTIONS.limit:
            return None
        wait = (("Retry-After", str(window.left_s(now))),)
        return refusal_answer(-1034, TOO_MANY_CONNECTIONS, 429).with_headers(wait)

    # --- orders ---------------------------------------------------------------------------------------------
    def count_orders(self, account: str, orders: int) -> None:
        """Count new orders before they are judged; refusal -1015 over the limit."""
        now = self._clock_ms()
        windows = self._windows(account)
        for window in windows:
            window.roll(now)
            if self._enforced and window.count + orders > window.limit:
                rule = window.rule
                span = f"{rule.count} {rule.interval}" if rule.count > 1 else rule.interval
                message = f"Too many new orders; current limit is {rule.limit} orders per {span}."
                raise Refusal(-1015, message, 429, wait_s=window.left_s(now))
        for window in windows:
            window.count += orders

    def uncount_order(self, account: str) -> None:
        """Take an order back: spot counts only what has not filled."""
        for window in self._windows(account):
            window.count = max(0, window.count - 1)

    def order_headers(self, account: str) -> Headers:
        """Tell how many orders the account's windows hold."""
        return tuple([(window.header, str(window.count)) for window in self._windows(account)])

    def order_usage(self, account: str) -> list[dict[str, Any]]:
        """List the order limits with what is used, as `rateLimit/order` does."""
        now = self._clock_ms()
        windows = self._windows(account)
        for window in windows:
            window.roll(now)
        return [window.rule.wire() | {"count": window.count} for window in windows]

    def _windows(self, account: str) -> tuple[Window, ...]:
        windows = self._orders.get(account)
        if windows is None:
            windows = tuple(Window(rule) for rule in self.rules if rule.kind == "ORDERS")
            self._orders[account] = windows
        return windows

    def _too_much(self) -> str:
        limit = self._weight.rule.limit
        if self.market == "spot":
            return TOO_MUCH_WEIGHT.format(limit=limit)
        return (
            f"Too many requests; current limit is {limit} requests per minute. "
            "Please use the websocket for live updates to avoid polling the API."
        )

    def _banned(self, now_ms: int) -> Answer:
        until = self._banned_until_ms
        what = "Way too much request weight used" if self.market == "spot" else "Way too many requests"
        message = (
            f"{what}; IP banned until {until}. Please use WebSocket Streams for live updates to avoid bans."
        )
        wait = str(max(1, -(-(until - now_ms) // SECOND)))
        return refusal_answer(-1003, message, 418).with_headers((("Retry-After", wait),))

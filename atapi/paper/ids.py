"""Every id the exchange gives, counted up from what its file already holds."""

from __future__ import annotations

import hashlib

from atapi.paper.records import markets_in
from atapi.paper.store import Store

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FIRST_ORDER = {
    "spot": 1,
    "um": 81_000_000_001,
    "cm": 94_000_000_001,
}  # futures ids do not fit 32 bits, as on Binance
FIRST_ALGO = 4_000_000_000_000_001
FIRST_INCOME = 9_600_000_001
FIRST_TRANSFER = 11_400_000_001
FIRST_LOAN = 100_000_001
TRADES_A_MS = 1000  # trade ids are times with this many places, so that a tape sorts by id and by time alike;
# the first of a millisecond is the crowd's print, so that accounts' trades never get a lower id than one already shown


class Ids:
    """The counters of one exchange."""

    def __init__(self, store: Store) -> None:
        self._order = {
            books: max(first - 1, *(store.last_id("orders", "order_id", m) for m in markets_in(books)))
            for books, first in FIRST_ORDER.items()
        }
        self._trade = {
            books: max(store.last_id("trades", "trade_id", market) for market in markets_in(books))
            for books in FIRST_ORDER
        }
        self._income = max(store.last_id("income", "income_id"), FIRST_INCOME - 1)
        self._transfer = max(store.last_id("transfers", "transfer_id"), FIRST_TRANSFER - 1)
        self._counters = {
            name: store.last_id(table, column)
            for name, table, column in (
                ("list", "lists", "list_id"),
                ("prevented", "prevented", "match_id"),
                ("execution", "amends", "execution_id"),
                ("amendment", "um_amendments", "amendment_id"),
                ("interest", "interest", "interest_id"),
                ("algo", "algos", "algo_id"),
            )
        }
        self._counters["loan"] = max(store.last_id("loans", "loan_id"), FIRST_LOAN - 1)
        self._counters["algo"] = max(self._counters["algo"], FIRST_ALGO - 1)
        self._counters["liquidation"] = store.count_orders("%autoclose-%")  # settlements too
        self._account = store.last_id("accounts", "CAST(account AS INTEGER)")
        self._crowd = 0

    def order(self, books: str) -> int:
        """Give the next order id of a market's books."""
        self._order[books] += 1
        return self._order[books]

    def trade(self, books: str, time_ms: int) -> int:
        """Give the next trade id of a market's books, at a time."""
        number, first = self._trade[books] + 1, time_ms * TRADES_A_MS + 1
        self._trade[books] = number = number if number > first else first
        return number

    def income(self) -> int:
        """Give the next id of an income line."""
        self._income += 1
        return self._income

    def transfer(self) -> int:
        """Give the next transfer id."""
        self._transfer += 1
        return self._transfer

    def next(self, name: str) -> int:
        """Give the next of `list`, `prevented`, `execution` (a spot amendment), `amendment` (a futures one), `loan`,
        `interest`, `algo` or `liquidation`."""
        self._counters[name] += 1
        return self._counters[name]

    def last(self, name: str) -> int:
        """Tell the last id that `next` gave; 0 where it gave none yet."""
        return self._counters[name]

    def account(self) -> str:
        """Give the next account id."""
        self._account += 1
        return str(self._account)

    def crowd(self) -> int:
        """Give the crowd's next order id, which lives in a book only: negative, so that it meets no user's."""
        self._crowd -= 1
        return self._crowd


def client_order_id(market: str, order_id: int) -> str:
    """Make the client id of an order that came without: 22 letters and digits, as Binance's own."""
    number = int.from_bytes(hashlib.blake2b(f"{market}{order_id}".encode(), digest_size=16).digest(), "big")
    letters = []
    for _ in range(22):
        number, digit = divmod(number, 62)
        letters.append(ALPHABET[digit])
    return "".join(letters)

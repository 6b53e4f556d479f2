"""Makes shell lines that people and accidents type: real command lines, changed.

Every line comes from its own seed, so one can be made again alone. Of some it is known that they make no sense:
a number no grammar of ours takes, a symbol nobody lists, an amount nobody has. Those must come to nothing.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from atapi.shell import registry

CANARY = "Cn7rYq9ZbK2mXw5LdT8vHs3PfJ6gNa1QeU4oRiB0tCyVkMzSxWlGpEhDuFjOnA3c"  # of a key's kind, and nobody's
_NUMBERS = [
    "1,5",
    "1.000,50",
    "1e3",
    "1E3",
    "1__000",
    "_1",
    "1_",
    "٣",
    "１２",
    "1.5.2",
    "+5",
    ".5.",
    "NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "-1",
    "-0.5",
    "0x10",
    "1/2",
    "½",
    "²",
    "1e-5",
    "１.５",
    "5-",
    "5%%",
]
_ABSURD = ("0", "0.000", "1" + "0" * 30, "9" * 60, "0." + "0" * 40 + "1", "123456789012345678901234567890.5")
_NOISE = [
    "\x00",
    "\x07",
    "\x1b[31m",
    "\x1b]0;x\x07",
    "\r",
    "\t",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\xa0",
    "�",
    "é",
    "漢",
    "🖖",
    "'",
    '"',
    "\\",
    ";",
    ">",
    ">>",
    "#",
    "*",
    "?",
    "$",
    "`",
    "~",
    "&",
    "(",
    ")",
    "{",
    "}",
    "=",
    "==",
    "--",
    "-",
    "--json",
    "--out",
    "--rows",
    "--sort",
    "--watch",
    "--help",
    "-h",
    "--yes",
    "--dry-run",
    "%s",
    "{}",
    "None",
    "null",
    "true",
]
_UNITS = ("usdt", "btc", "eth", "%", "bp", "h", "d", "s", "m", "")
_LETTERS = string.ascii_letters + string.digits


class Kind(Enum):
    """What is known of a line."""

    ANYTHING = "anything"
    NONSENSE = "nonsense"  # whatever it names, nothing may come of it
    KEY = "key"  # a key stands in it


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and what is known of it."""

    text: str
    kind: Kind


class Maker:
    """Makes lines from the examples of every command.

    Args:
        symbols: What the exchange lists, so that look-alikes are none of them.
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = frozenset(symbols)
        commands = [c for c in map(registry.load, registry.names()) if c is not None]
        self._lines = [line for c in commands for line in (*c.examples, *c.examples, c.name)]
        self._trading = [line for c in commands if c.sends_orders for line in c.examples if _trades(line)]
        self._options = sorted({w for line in self._lines for w in line.split() if w.startswith("--")})

    def make(self, seed: int) -> Line:
        """Make the line of one seed."""
        dice = random.Random(seed)
        [make] = dice.choices(
            (self._bad_number, self._look_alike, self._absurd, self._key, self._noise, self._changed),
            (30, 2, 0.3, 5, 8, 55),
        )
        return make(dice)

    def _bad_number(self, dice: random.Random) -> Line:
        words = dice.choice(self._trading).split()
        places = [i for i, word in enumerate(words) if _amount(word)]
        at = dice.choice(places)
        words[at] = dice.choice(_NUMBERS) + words[at].lstrip("0123456789.")
        return Line(" ".join(words), Kind.NONSENSE)

    def _look_alike(self, dice: random.Random) -> Line:
        words = dice.choice([line for line in self._trading if "USDT" in line]).split()
        [at] = [i for i, word in enumerate(words) if word.endswith("USDT")]
        name = words[at]
        while name.upper().replace("-", "").replace("/", "") in self._symbols or name == words[at]:
            name = _changed_word(dice, name, string.ascii_uppercase + string.digits + "ВТСА")
        words[at] = name
        return Line(" ".join(words), Kind.NONSENSE)

    def _absurd(self, dice: random.Random) -> Line:
        words = dice.choice(
            [line for line in self._trading if line.startswith(("open", "buy", "transfer"))]
        ).split()
        at = next(i for i, word in enumerate(words) if _amount(word))
        words[at] = dice.choice(_ABSURD) + words[at].lstrip("0123456789.")
        return Line(" ".join(words), Kind.NONSENSE)

    def _key(self, dice: random.Random) -> Line:
        words = dice.choice(self._lines).split()
        at = dice.randrange(len(words) + 1)
        glue = dice.choice(("", "", "=", "'", "key="))
        words.insert(at, f"{glue}{CANARY}{glue if glue == chr(39) else ''}")
        return Line(" ".join(words), Kind.KEY)

    def _noise(self, dice: random.Random) -> Line:
        raw = dice.randbytes(dice.randrange(1, 60))
        return Line(raw.decode("utf-8", "surrogateescape"), Kind.ANYTHING)

    def _changed(self, dice: random.Random) -> Line:
        words = dice.choice(self._lines).split()
        for _ in range(dice.choice((1, 1, 2, 3, 8))):
            dice.choice(self._changes())(dice, words)
        return Line(dice.choice((" ", " ", " ", "  ", "\t", "")).join(words), Kind.ANYTHING)

    def _changes(self) -> Sequence[Callable[[random.Random, list[str]], None]]:
        def at(dice: random.Random, words: list[str]) -> int:
            return dice.randrange(len(words) + 1)

        def insert(word: Callable[[random.Random], str]) -> Callable[[random.Random, list[str]], None]:
            return lambda dice, words: words.insert(at(dice, words), word(dice))

        def alter(dice: random.Random, words: list[str]) -> None:
            if words:
                i = dice.randrange(len(words))
                words[i] = _changed_word(dice, words[i], _LETTERS + "-_.,%;'\"\x00é٣")

        def drop(dice: random.Random, words: list[str]) -> None:
            if words:
                del words[dice.randrange(len(words))]

        def swap(dice: random.Random, words: list[str]) -> None:
            if words:
                words.insert(0, words.pop(dice.randrange(len(words))))

        return (
            alter, alter, drop, swap,
            insert(lambda dice: dice.choice(_NOISE)),
            insert(lambda dice: dice.choice(self._options)),
            insert(lambda dice: dice.choice((*_NUMBERS, *_ABSURD)) + dice.choice(_UNITS)),
            insert(lambda dice: dice.choice(self._lines)),
            insert(lambda dice: dice.choice(_LETTERS) * dice.choice((1, 30, 300, 5000))),
        )  # fmt: skip


def _trades(line: str) -> bool:
    return any(map(_amount, line.split())) and line.split()[0] not in ("paper", "guard")


def _amount(word: str) -> bool:
    return word[0].isdigit() and any(word.endswith(unit) for unit in _UNITS if unit)


def _changed_word(dice: random.Random, word: str, letters: str) -> str:
    at = dice.randrange(len(word) + 1)
    return dice.choice(
        (
            word[:at] + dice.choice(letters) + word[at:],
            word[:at] + dice.choice(letters) + word[at + 1 :],
            word[:at] + word[at + 1 :],
        )
    )

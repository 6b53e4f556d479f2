"""`paper account …`: words of the command `paper` that are about accounts."""

from __future__ import annotations

from atapi.errors import UsageError
from atapi.shell.arguments import Kind, amount, choice, rate

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from decimal import Decimal
    from typing import Any

    from atapi.services.paper_accounts import PaperAccounts
    from atapi.table import Table

DEEDS = ("add", "list", "fund", "change")
PERMISSIONS = ("read", "spot", "margin", "futures", "transfer")


def _read_fees(text: str, name: str) -> tuple[Decimal, Decimal]:
    parts = text.split("/")
    if len(parts) != 2:
        raise UsageError(f"{name} '{text}' is not two rates", hint=f"{name} 1.8bp/4bp: maker, then taker")
    maker, taker = (rate.read(part, name) for part in parts)
    return maker, taker


def _read_permissions(text: str, name: str) -> tuple[str, ...]:
    kind = choice(*PERMISSIONS)
    return tuple(kind.read(part.strip(), name) for part in text.split(","))


_fees = Kind(_read_fees, "MAKER/TAKER")
_permissions = Kind(_read_permissions, "A,B")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `paper account`."""
    parser.add_argument("--spot-fees", type=_fees, help="of account add or change: 9bp/10bp, of notional")
    parser.add_argument("--futures-fees", type=_fees, help="of account add or change: 1.8bp/5bp")
    parser.add_argument(
        "--may", type=_permissions, help=f"what an account's key may do, of {', '.join(PERMISSIONS)}; all"
    )
    parser.add_argument(
        "--public-key", metavar="FILE", help="of account add: PEM of an RSA or Ed25519 key that it signs with"
    )
    parser.add_argument("--empty", action="store_true", help="of account add: without funds")


def account(service: PaperAccounts, words: Sequence[str], args: argparse.Namespace) -> Table:
    """Do what `paper account WORDS` says.

    Raises:
        UsageError: It says nothing that can be done.
    """
    deed = choice(*DEEDS).read(words[0], "account") if words else "list"
    if deed == "list":
        _at_most(words, 1)
        return service.list()
    if len(words) < 2:
        raise UsageError(f"paper account {deed} needs a NAME", hint=f"paper account {deed} bob")
    name = words[1]
    if deed == "fund":
        from atapi.domain.account import Wallet

        _at_most(words, 3)
        given = amount.read(words[2], "AMOUNT") if len(words) == 3 else None
        return service.fund(name, given, Wallet(args.wallet))
    _at_most(words, 2)
    if deed == "add":
        return service.add(
            name,
            funded=not args.empty,
            fees=_rates(args),
            permissions=args.may,
            public_key=_public_key(args.public_key),
        )
    return service.change(name, fees=_rates(args), permissions=args.may)


def _rates(args: argparse.Namespace) -> dict[str, Any]:
    from atapi.exchanges.paper_backroom import Fees

    given = {"spot": args.spot_fees, "futures": args.futures_fees}
    return {m: Fees(maker=pair[0], taker=pair[1]) for m, pair in given.items() if pair is not None}


def _public_key(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"--public-key '{path}' cannot be read: {e}") from e


def _at_most(words: Sequence[str], count: int) -> None:
    if len(words) > count:
        raise UsageError(f"'{words[count]}' is one argument too many for paper account", hint="help paper")

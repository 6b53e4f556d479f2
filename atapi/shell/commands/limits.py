"""limits: what may leave this machine, and the switch that stops it."""

from __future__ import annotations

import argparse

from atapi.errors import UsageError
from atapi.shell.arguments import choice
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table

VERBS = ("set", "halt", "resume")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "verb",
        nargs="?",
        type=choice(*VERBS),
        metavar="VERB",
        help="set, halt or resume; without it the table",
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="of set: NAME VALUE; of halt: why")


@command(
    "limits",
    group="Account",
    arguments=_arguments,
    table=True,
    columns="name, value, used, unit; max-symbol: of the symbol in which most is open",
    examples=(
        "limits",
        "limits set max-order 1000usdt",
        "limits set max-day-loss 2%",
        "limits halt looking into a fill",
        "limits resume",
    ),
)
def limits(context: Context, args: argparse.Namespace) -> Table | None:
    """Risk limits and request weights: shown, set, or everything halted.

    The last gate before the venue holds every order that adds risk to these limits, whoever asks for it: notional of
    one order, of a minute, of a UTC day, open in a symbol and in all, orders in a minute, leverage, and the loss of the
    day, past which trading halts by itself. Orders that take risk away, and cancels, always pass. Limits are kept per
    network in settings.toml in the home directory and bind every process there at its next order.

    halt stops all but those at once, in every process of this account, until resume; so does anybody who makes a file
    HALT in the account's folder, or in the home directory for all accounts.
    """
    service = context.services.limits
    words: list[str] = args.words
    if args.verb is None:
        return service.table()
    if args.verb == "set":
        if len(words) != 2:
            raise UsageError("limits set needs NAME and VALUE", hint="limits set max-order 1000usdt")
        context.say(service.set(*words))
    elif args.verb == "halt":
        halt = service.halt(" ".join(words))
        context.say(f"{halt.refusal().message}; what takes risk away still passes")
        context.say(f"kept in {halt.file}; limits resume lifts it")
    elif words:
        raise UsageError(f"'{words[0]}' is one argument too many for limits resume", hint="help limits")
    else:
        service.resume()
        context.say("trading goes on; the day's loss counts from now")
    return None

"""guard: the spreads you hold, watched."""

from __future__ import annotations

from atapi.shell.arguments import Kind, amount, choice, span
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from decimal import Decimal
    from typing import Any

    from atapi.domain.guard import Sweep
    from atapi.services.guard import Options
    from atapi.shell.context import Context
    from atapi.table import Table

POLICIES = ("alarm", "rehedge", "unwind")
ONCE_ONLY = (
    "rows",
    "sort",
    "columns",
    "csv",
    "format",
    "out",
)  # table options that a running guard has no use for


def _read_bnb(text: str, name: str) -> Decimal:
    from atapi.domain.numbers import parse_plain
    from atapi.errors import UsageError

    quantity = parse_plain(text.lower().removesuffix("bnb"))
    if not quantity:
        raise UsageError(f"{name} '{text}' is no quantity of BNB", hint="--keep-bnb 0.05bnb")
    return quantity


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument(
        "words", nargs="*", default=[], metavar="policy [SYMBOL|ID POLICY]",
        help="show the policies, or give a spread one of its own: alarm, rehedge or unwind",
    )  # fmt: skip
    parser.add_argument("--once", action="store_true", help="look once, show every check, and end")
    parser.add_argument("--every", type=span, default=None, help="from one look to the next (5s)")
    parser.add_argument(
        "--policy",
        type=choice(*POLICIES),
        default="alarm",
        help="of spreads that have none of their own (alarm)",
    )
    parser.add_argument(
        "--top-up", type=amount, default=None, help="USDT it may move from spot a day, and in all"
    )
    parser.add_argument(
        "--keep-bnb", type=Kind(_read_bnb, "BNB"), default=None, help="BNB to keep where fees are paid in it"
    )
    parser.add_argument("--buy-bnb", type=amount, default=None, help="USDT a day it may spend on BNB")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


@command(
    "guard",
    group="Carry trading",
    arguments=arguments,
    table=True,
    sends_orders=True,
    columns="with --once: id, symbol, check, value, limit, state; guard policy: id, symbol, policy",
    examples=(
        "guard",
        "guard --once",
        "guard policy BTCUSDT rehedge",
        "guard --every 5s --policy rehedge --top-up 500usdt --keep-bnb 0.05bnb",
    ),
)
def guard(context: Context, args: argparse.Namespace) -> Table | None:
    """Watch the spreads you hold until Ctrl-C: the account against the journal, every few seconds.

    Alarms at legs that differ (deleveraging, liquidation, settlement, trades by hand), a price near liquidation, a
    strained margin, collateral taken away, a symbol that ends, funding paid otherwise, BNB running out. Each alarm
    names the command that mends it; policy rehedge reduces the longer leg, unwind closes the spread, both once and
    within bounds. Streams wake it early, asking alone decides.

    --top-up moves USDT from spot to where margin is strained, --keep-bnb moves BNB between spot and futures, and with
    --buy-bnb buys some. While another process trades on the journal it only alarms. With --json events are JSON, one
    a line, on standard output. Ends with 0 where all is well and 3 where an alarm stands.
    """
    from atapi.shell import guarding

    service = context.services.guard
    if args.words:
        return _policy(context, args.words, yes=args.yes)
    options = _options(args)
    if options.acts and not args.yes and context.services.network.info.live:
        context.confirm("guard may trade on mainnet; type guard to confirm: ", "guard")
    running = service.begin(options)
    if args.once:
        return _shown(context, args, running.sweep())
    _check_stream_options(args)
    last = guarding.run(context, running, stream=context.stdout if args.json else None)
    if last.exposed:
        raise _exposed(last)
    return None


def _policy(context: Context, words: list[str], *, yes: bool) -> Table:
    from atapi.domain.guard import Policy
    from atapi.errors import UsageError

    service = context.services.guard
    if words[0] != "policy" or len(words) not in (1, 3):
        raise UsageError(f"guard does not know '{' '.join(words)}'", hint="guard policy BTCUSDT rehedge")
    if len(words) == 3:
        policy = choice(*POLICIES).read(words[2], "POLICY")
        if policy != "alarm" and not yes and context.services.network.info.live:
            context.confirm("guard may trade on mainnet; type guard to confirm: ", "guard")
        service.set_policy(words[1].upper().replace("/", "").replace("-", ""), Policy(policy))
    return service.policy_table()


def _options(args: argparse.Namespace) -> Options:
    from datetime import timedelta

    from atapi.domain.guard import Policy
    from atapi.errors import UsageError
    from atapi.services.guard import Options
    from atapi.services.guard_funds import Allowance

    every = args.every or timedelta(seconds=5)
    if not timedelta(seconds=1) <= every <= timedelta(minutes=10):
        raise UsageError("--every is outside 1s..10m", hint="--every 5s")
    if args.buy_bnb is not None and args.keep_bnb is None:
        raise UsageError("--buy-bnb needs --keep-bnb", hint="--keep-bnb 0.05bnb --buy-bnb 20usdt")
    return Options(
        every=every,
        policy=Policy(args.policy),
        allowance=Allowance(
            top_up=_usdt(args.top_up, "--top-up"),
            keep_bnb=args.keep_bnb,
            buy_bnb=_usdt(args.buy_bnb, "--buy-bnb"),
        ),
    )


def _usdt(given: Any, name: str) -> Decimal | None:
    from atapi.errors import UsageError

    if given is None:
        return None
    if given.asset != "USDT":
        raise UsageError(f"{name} is an amount of USDT", hint=f"{name} 500usdt")
    value: Decimal = given.value
    return value


def _check_stream_options(args: argparse.Namespace) -> None:
    from atapi.errors import UsageError

    for name in ONCE_ONLY:
        if getattr(args, name) not in (None, False):
            raise UsageError(
                f"--{name} needs --once: a running guard tells events", hint="guard --once; guard --json"
            )


def _shown(context: Context, args: argparse.Namespace, sweep: Sweep) -> Table | None:
    from atapi.errors import VenueUnreachable
    from atapi.services.guard_rows import check_table
    from atapi.shell import present, table_options

    if sweep.unheard is not None:
        raise VenueUnreachable(sweep.unheard.message, hint=sweep.unheard.mend)
    table = check_table(sweep)
    for deed in sweep.deeds:
        context.say(f"{'done' if deed.done else 'not done'}: {deed.what}")
    if not sweep.exposed:
        return table
    present.put(context.shell, table, context.stdout, table_options.view(args))
    raise _exposed(sweep)


def _exposed(sweep: Sweep) -> Exception:
    from atapi.domain.guard import Severity
    from atapi.errors import SpreadBroken

    alarms = [c for c in sweep.checks if c.severity is Severity.ALARM or c is sweep.unheard]
    more = f" (and {len(alarms) - 1} more)" if len(alarms) > 1 else ""
    return SpreadBroken(f"an alarm stands: {alarms[0].message}{more}", hint=alarms[0].mend)

"""paper: the exchange inside; its clock, its funds, its doors."""

from __future__ import annotations

import argparse

from atapi.domain.account import Wallet
from atapi.errors import Refused, UsageError
from atapi.shell import paper_accounts, paper_faults, paper_recording
from atapi.shell.arguments import amount, choice, count, span
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table

VERBS = ("status", "advance", "deposit", "reset", "serve", "account", "fault", "record", "play")
TAKES_VALUE = ("advance", "deposit")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", type=choice(*VERBS), metavar="VERB", help=", ".join(VERBS))
    parser.add_argument(
        "words",
        nargs="*",
        default=[],  # not required, as argparse would have it
        metavar="WORD",
        help="advance SPAN; deposit AMOUNT; account add|list|fund|change [NAME [AMOUNT]]; "
        "fault add FAULT, list, clear [N], words; record FILE [SYMBOL ...], stop; play FILE",
    )
    parser.add_argument(
        "--wallet", type=choice(*Wallet), default="spot", help="of deposit and account fund; default spot"
    )
    parser.add_argument(
        "--port", type=count(1, 65533), help="of serve: spot here, USD-M on the next; default a free one"
    )
    parser.add_argument(
        "--speed", type=paper_recording.speed, help="of play: times as fast as it was recorded; 1"
    )
    paper_accounts.add_options(parser)


@command(
    "paper",
    group="Paper exchange",
    arguments=_arguments,
    table=True,
    sends_orders=True,
    columns="status: name, value; advance: time, symbol, rate_bp, mark, position [base], amount_usdt; "
    "deposit: as balance; serve: one `name: value` a line; account list: name, key, fees in bp, what the key "
    "may do, created; account add: name, value; account fund: wallet, asset, amount; "
    "fault: id, fault, met (how often it fitted), struck; fault words: action, value, befalls, about",
    examples=(
        "paper status",
        "paper advance 8h",
        "paper deposit 1000usdt --wallet futures",
        "paper serve --port 8100",
        "paper account add bob --futures-fees 1.8bp/4bp",
        "paper account add eve --public-key eve.pem",
        "paper account fund bob 1000usdt --wallet futures",
        "paper fault add lose after method=POST path=/fapi/v1/order nth=2",
        "paper fault add status 503 path=/api/* chance=10% seed=7",
        "paper fault clear",
        "paper record run.log.gz BTCUSDT ETHUSDT",
        "paper play run.log.gz --speed 10 --port 8900",
    ),
)
def paper(context: Context, args: argparse.Namespace) -> Table | str | None:
    """The embedded exchange: status, advance SPAN, deposit AMOUNT, reset, serve, account, fault, record, play.

    advance moves a clock that stands still and lists the fundings received on the way. reset throws everything away
    and begins again. serve opens it to other programs until Ctrl-C; any Binance client works against it. account
    add NAME makes another user, with a key and funds of its own, and shows its secret this once, or with --public-key
    FILE takes what the private half of an RSA or Ed25519 key signs; account fund NAME gives it more, in every wallet
    where no amount is said; account change NAME sets its fees and permissions.

    fault add ACTION [VALUE] [before|after] [NAME=VALUE ...] makes the exchange misbehave until fault clear [N]; fault
    words explains the actions. before means that it never heard of the request, after that it did what was asked.
    Which requests: market= method= path= via=http|ws account= symbol=; which events: event= stream= symbol= account=; of those:
    nth=3 or nth=3-5, every=10, times=1, chance=10% seed=7. Patterns take * and ?.

    record FILE [SYMBOL ...] writes what markets and users are told and what users decide, until record stop or the end
    of the process that runs the exchange. play FILE serves such a log, or any other with books and trades, as serve
    does; --feed log:FILE lets it be advanced step by step.
    """
    service = context.services.paper
    if service is None:
        raise Refused(
            f"{context.settings.network} is a real venue: nothing there is ours to move", hint="network paper"
        )
    if args.verb == "record":
        return paper_recording.record(service.recording, args.words)
    if args.verb == "play":
        out = context.stdout
        paper_recording.play(service.recording, args.words, out, speed=args.speed, port=args.port)
        return None
    if args.verb == "fault":
        return paper_faults.fault(service.faults, args.words)
    if args.verb == "account":
        return paper_accounts.account(service.accounts, args.words, args)
    if len(args.words) > (most := 1 if args.verb in TAKES_VALUE else 0):
        word = args.words[most]
        raise UsageError(f"'{word}' is one argument too many for paper {args.verb}", hint="help paper")
    if args.verb == "advance":
        return service.advance(span.read(_value(args, "SPAN", "8h"), "SPAN"))
    if args.verb == "deposit":
        return service.deposit(amount.read(_value(args, "AMOUNT", "1000usdt"), "AMOUNT"), Wallet(args.wallet))
    if args.verb == "serve":
        service.serve(context.stdout, port=args.port)
        return None
    return service.reset() if args.verb == "reset" else service.status()


def _value(args: argparse.Namespace, what: str, example: str) -> str:
    if not args.words:
        raise UsageError(f"paper {args.verb} needs {what}", hint=f"paper {args.verb} {example}")
    return str(args.words[0])

"""pnl: what spreads earned, by cause."""

from __future__ import annotations

from atapi.shell.arguments import choice, symbols, time
from atapi.shell.registry import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.shell.context import Context
    from atapi.table import Table


def arguments(parser: Any) -> None:
    """Declare the words of the command."""
    parser.add_argument("--since", type=time, default=None, help="leave out what was booked before")
    parser.add_argument("--by", type=choice("day", "symbol", "spread"), default=None, help="one row for each")
    parser.add_argument(
        "--audit", action="store_true", help="check every balance against the venue's records and the journal"
    )
    parser.add_argument(
        "--symbols", type=symbols, default=[], metavar="A,B", help="--audit: further spot symbols traded in"
    )
    parser.add_argument("--fees", action="store_true", help="fees by the asset they were paid in")


@command(
    "pnl",
    group="Account",
    arguments=arguments,
    table=True,
    columns="key, price_usdt, basis_usdt, funding_usdt, fees_usdt, interest_usdt, dust_usdt, total_usdt; "
    "with --fees: key, asset, fee [asset], fees_usdt; with --audit: wallet, asset, term, amount [asset], of",
    examples=("pnl", "pnl --by day --since 30d", "pnl --fees --by spread", "pnl --audit"),
)
def pnl(context: Context, args: argparse.Namespace) -> Table:
    """Profit of all spreads by cause: price, basis, funding, fees, interest and dust.

    The parts sum to the change of the balances that the spreads caused, to the last digit: cash of both legs, fundings
    and interest as booked, and what is still held at the price `balance` uses. Basis is entry less exit; price is
    what no other leg stood against. A day has what was booked on it, UTC.

    With --audit every balance is explained from the venue's own records (opening, fills, fees, funding, interest,
    transfers, deposits, closing), and the records from the journal; what nothing in it explains is listed as foreign.
    A difference is named and ends with exit code 1.
    """
    from atapi.errors import UsageError
    from atapi.services.pnl import PaidFeeRow, PnlRow
    from atapi.table import Table

    services = context.services
    since = args.since.at(services.clock.now()) if args.since else None
    if args.audit:
        if args.by or args.fees:
            raise UsageError("--audit goes with neither --by nor --fees", hint="pnl --audit --since 30d")
        from atapi.services.audit_rows import audit_table

        return audit_table(services.audit.run(since=since, symbols=args.symbols))
    by, empty = args.by or "total", "no spread was ever opened"
    if args.fees:
        return Table.of(services.pnl.fee_rows(by=by, since=since), PaidFeeRow, empty=empty)
    return Table.of(services.pnl.rows(by=by, since=since), PnlRow, empty=empty)

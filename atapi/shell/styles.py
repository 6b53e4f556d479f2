"""The words by which a trader says how a spread is to be traded: the same for opening and closing."""

from __future__ import annotations

from atapi.errors import UsageError
from atapi.shell.arguments import amount, choice, count, span

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from atapi.services.manner import Manner


def add_style(parser: Any) -> None:
    """Declare the options."""
    parser.add_argument(
        "--route", type=choice("taker", "maker"), default="taker",
        help="taker takes at once; maker rests the perpetual at the touch and hedges each of its fills",
    )  # fmt: skip
    parser.add_argument("--slices", type=count(1, 1000), default=None, help="cut into so many parts")
    parser.add_argument("--over", type=span, default=None, help="spread the slices evenly over a span: 10m")
    parser.add_argument(
        "--max-unhedged", type=amount, default=None,
        help="most of one leg without the other: 500usdt; makes slices",
    )  # fmt: skip
    parser.add_argument(
        "--max-gap", type=span, default=None, help="between the legs; after it the second one goes at market"
    )
    parser.add_argument(
        "--patience", type=span, default=None, help="of an order that rests, before the rest is taken (60s)"
    )


def manner_of(args: argparse.Namespace) -> Manner:
    """Read the options.

    Raises:
        UsageError: They do not go together.
    """
    from atapi.domain.style import Route
    from atapi.services.manner import PATIENCE, Manner

    route = Route(args.route)
    if args.patience is not None and route is not Route.MAKER:
        raise UsageError("--patience is for orders that rest", hint="--route maker")
    return Manner(
        route=route,
        slices=args.slices,
        over=args.over,
        max_gap=args.max_gap,
        max_unhedged=args.max_unhedged,
        patience=PATIENCE if args.patience is None else args.patience,
    )

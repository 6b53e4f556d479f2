"""servertime: what time it is at the exchange."""

from __future__ import annotations

import argparse

from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="every API, with its offset and round trip")


@command(
    "servertime",
    group="Market data",
    arguments=_arguments,
    table=True,
    columns="with --all: api, server_time, offset_ms [its clock less ours], rtt_ms",
    examples=("servertime", "servertime --all"),
)
def servertime(context: Context, args: argparse.Namespace) -> Table | str:
    """Exchange time; with --all the offset of each API."""
    network = context.services.network
    if args.all:
        return network.server_times()
    from atapi.shell.table_options import view

    at, shown = network.server_time(), view(args)
    if shown.kind == "plain" and shown.out is None:
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
    return Table.from_mapping(("server_time",), [(at,)])

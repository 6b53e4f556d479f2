"""version: what is installed."""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.metadata
import platform
from pathlib import Path

from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.table import Table
from atapi.version import VERSION

STANDS_ON = (
    "binance-connector",
    "binance-futures-connector",
    "requests",
    "pandas",
    "numpy",
    "tabulate",
    "cryptography",
    "httptools",
    "msgspec",
    "platformdirs",
    "prompt_toolkit",
    "rich",
    "websockets",
    "duckdb",
)
CONNECTORS = STANDS_ON[:2]
SHARED = "binance/api.py"  # both connectors install this file, with different contents


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="also of what it stands on")


@command(
    "version",
    group="Shell",
    arguments=_arguments,
    columns="package, version, note",
    examples=("version", "version --all"),
)
def version(context: Context, args: argparse.Namespace) -> Table | str:
    """Versions of atapi and what it stands on.

    With --all also which connector's files are in place: the two install into one package and overwrite each other.
    """
    if not args.all:
        return f"atapi {VERSION}"
    rows = [("atapi", VERSION, ""), ("Python", platform.python_version(), platform.python_implementation())]
    rows += [_row(name) for name in STANDS_ON]
    return Table.from_mapping(("package", "version", "note"), rows)


def owner_of_shared_files() -> str | None:
    """Tell which connector the shared files in place belong to; None where they are neither's."""
    for name in CONNECTORS:
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            if (
                file.as_posix() == SHARED
                and file.hash is not None
                and _digest(Path(str(file.locate()))) == file.hash.value
            ):
                return name
    return None


def _row(name: str) -> tuple[str, str, str]:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return name, "-", "not installed"
    if name not in CONNECTORS:
        return name, found, ""
    owner = owner_of_shared_files()
    if owner is None:
        return name, found, "the shared files belong to neither connector"
    return name, found, "its shared files are in place" if owner == name else f"overwritten by {owner}"


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()

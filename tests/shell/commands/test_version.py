"""version: of atapi and what it stands on."""

from __future__ import annotations

import importlib.metadata

from atapi.shell.commands.version import CONNECTORS, STANDS_ON, owner_of_shared_files
from tests.shell.demo import Session


def test_it_is_one_line(session: Session) -> None:
    assert session.out("version").split()[0] == "atapi"


def test_all_lists_what_it_stands_on_and_whose_files_are_in_place(session: Session) -> None:
    lines = session.out("version --all").splitlines()

    assert [line.split()[0] for line in lines[3:]] == list(STANDS_ON)
    owner = owner_of_shared_files()
    assert owner in CONNECTORS
    [row] = [line for line in lines if line.startswith(owner + " ")]
    assert row.split(maxsplit=2)[1:] == [importlib.metadata.version(owner), "its shared files are in place"]
    assert f"overwritten by {owner}" in "".join(lines)

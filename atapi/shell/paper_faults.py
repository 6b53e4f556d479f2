"""`paper fault …`: words of the command `paper` that make the exchange misbehave."""

from __future__ import annotations

from atapi.errors import UsageError
from atapi.shell.arguments import choice, count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from atapi.services.paper_faults import PaperFaults
    from atapi.table import Table

DEEDS = ("add", "list", "clear", "words")


def fault(service: PaperFaults, words: Sequence[str]) -> Table:
    """Do what `paper fault WORDS` says.

    Raises:
        UsageError: It says nothing that can be done.
    """
    deed = choice(*DEEDS).read(words[0], "fault") if words else "list"
    if deed == "add":
        if len(words) < 2:
            raise UsageError("paper fault add needs a fault", hint="paper fault words lists them")
        return service.add(words[1:])
    most = 2 if deed == "clear" else 1
    if len(words) > most:
        raise UsageError(
            f"'{words[most]}' is one argument too many for paper fault {deed}", hint="help paper"
        )
    if deed == "clear":
        return service.clear(count(1).read(words[1], "fault") if len(words) == 2 else None)
    return service.words() if deed == "words" else service.list()

"""quit: leave the shell."""

from __future__ import annotations

from atapi.shell.registry import command

TYPE_CHECKING = False  # a piped `quit` is the shortest run there is; `typing` would be a tenth of it
if TYPE_CHECKING:
    import argparse

    from atapi.shell.context import Context


@command("quit", group="Shell", examples=("quit",))
def quit_(context: Context, args: argparse.Namespace) -> None:
    """Leave the shell; `bye`, `exit` and ^D do the same."""
    context.leaving = True

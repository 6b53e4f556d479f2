"""`paper record …` and `paper play …`."""

from __future__ import annotations

from atapi.errors import UsageError
from atapi.shell.arguments import Kind, symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from typing import IO

    from atapi.services.paper_recording import PaperRecording


def _read_speed(text: str, name: str) -> Decimal:
    from atapi.domain.numbers import parse_plain

    value = parse_plain(text)
    if not value:
        raise UsageError(f"{name} '{text}' is not a number above 0", hint=f"{name} 10")
    return value


speed = Kind(_read_speed, "N")


def record(service: PaperRecording, words: Sequence[str]) -> str:
    """Do what `paper record WORDS` says, and say what came of it.

    Raises:
        UsageError: It names no file.
    """
    if not words:
        raise UsageError("paper record needs a FILE", hint="paper record run.log.gz BTCUSDT")
    if list(words) == ["stop"]:
        return service.stop()
    return service.record(words[0], [name for word in words[1:] for name in symbols.read(word, "symbol")])


def play(
    service: PaperRecording, words: Sequence[str], out: IO[str], *, speed: Decimal | None, port: int | None
) -> None:
    """Do what `paper play WORDS` says.

    Raises:
        UsageError: It names no file, or more than one.
    """
    if len(words) != 1:
        raise UsageError("paper play needs one FILE", hint="paper play run.log.gz --speed 10")
    from decimal import Decimal

    service.play(words[0], out, speed=speed or Decimal(1), port=port)

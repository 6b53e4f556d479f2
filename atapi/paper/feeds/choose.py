"""Which feed the user asked for."""

from __future__ import annotations

from pathlib import Path

from atapi.errors import ConfigError, UsageError
from atapi.paper.feeds.base import Feed


def open_feed(text: str, seed: int) -> Feed:
    """Open `synthetic` or `replay:DIR`.

    Raises:
        UsageError: Neither of those, or there is no such directory.
        ConfigError: The directory holds no recordings.
    """
    if text == "synthetic":
        from atapi.paper.feeds.synthetic import SyntheticFeed

        return SyntheticFeed(seed)
    name, _, place = text.partition(":")
    if name != "replay" or not place:
        raise UsageError(f"unknown feed '{text}'", hint="synthetic, or replay:DIR with recorded files")
    directory = Path(place).expanduser()
    if not directory.is_dir():
        raise UsageError(f"no directory '{place}' to replay", hint="replay:DIR, a folder of recorded files")
    from atapi.paper.feeds.replay import ReplayFeed

    feed = ReplayFeed(directory)
    if not feed.recordings:
        raise ConfigError(
            f"'{place}' holds no recordings",
            hint="files named like um/klines/BTCUSDT-1h-2024-01.zip, see docs/paper.md",
        )
    return feed

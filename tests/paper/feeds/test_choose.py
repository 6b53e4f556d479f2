from __future__ import annotations

from pathlib import Path

import pytest

from atapi.errors import ConfigError, UsageError
from atapi.paper.feeds.choose import open_feed
from tests.paper.feeds.recordings import row, write


def test_the_synthetic_feed_has_the_seed() -> None:
    feed = open_feed("synthetic", 7)

    assert (feed.name, feed.synthetic, feed.identity()) == ("synthetic", True, "synthetic-7")


def test_a_directory_is_replayed_and_named_for_the_user_and_for_a_file(tmp_path: Path) -> None:
    write(tmp_path / "spot" / "BTCUSDT-1d.csv", [row(0, "1 2 1 2")])

    feed = open_feed(f"replay:{tmp_path}", 7)

    assert (feed.name, feed.synthetic) == (f"replay:{tmp_path}", False)
    assert feed.identity() == open_feed(f"replay:{tmp_path / 'spot' / '..'}", 1).identity()  # the same place
    assert feed.identity().startswith("replay-")
    assert len(feed.identity()) == len("replay-12345678")


@pytest.mark.parametrize("text", ["mirror", "replay", "replay:", "Synthetic", ""])
def test_an_unknown_feed_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError, match=f"unknown feed '{text}'") as refused:
        open_feed(text, 7)

    assert refused.value.hint == "synthetic, replay:DIR with recorded files, or log:FILE"


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no directory"):
        open_feed(f"replay:{tmp_path / 'nowhere'}", 7)


def test_a_directory_without_recordings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n")

    with pytest.raises(ConfigError, match="holds no recordings"):
        open_feed(f"replay:{tmp_path}", 7)

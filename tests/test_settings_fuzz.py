"""The settings file, whatever is in it: limits, or a refusal by name; nothing else, and nothing is sent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from atapi.domain.caps import CAPS, Caps
from atapi.errors import ConfigError
from atapi.settings_file import SettingsFile

WORDS = ["[limits]", "[limits.mainnet]", "[limits.paper]", "[x]", "=", "\n", " ", ".", "'1usdt'", "'2%'", "7", "0.5", "true",
         "{", "}", "[", "]", '"', "'", "1e9", "-1", "nan", "2026-01-01", "#", "\\u0000", "limits", "mainnet"]  # fmt: skip
LINES = st.lists(st.sampled_from([*WORDS, *(cap.name for cap in CAPS)]), max_size=25).map("".join)


@given(st.one_of(LINES.map(str.encode), st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@settings(max_examples=1500, deadline=None)
def test_any_file_gives_limits_or_is_refused(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "settings.toml"
        path.write_bytes(content)
        path.chmod(0o600)
        caps, refused = _read(path)
    if caps is None:
        assert str(path) in refused
        return
    for cap in CAPS:
        value = getattr(caps, cap.field)
        assert isinstance(value, Decimal)
        assert value.is_finite()
        assert value >= 0


def _read(path: Path) -> tuple[Caps | None, str]:
    try:
        return SettingsFile(path.parent).caps("mainnet"), ""
    except ConfigError as e:
        return None, e.message

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from atapi.domain.caps import CAPS, defaults
from atapi.errors import ConfigError, UsageError
from atapi.settings_file import SettingsFile

WHOLE = """# mine
[limits.mainnet]
max-order = "500usdt"  # small at first
max-orders-minute = 30
max-day-loss = "1.5%"

[limits.paper]
max-leverage = 5
"""


def write(home: Path, text: str | bytes) -> Path:
    path = home / "settings.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def test_without_a_file_limits_are_wide_on_paper_and_tight_on_mainnet(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path)

    assert file.caps("paper") == defaults("paper")
    assert file.caps("mainnet").max_order < file.caps("paper").max_order


def test_each_network_has_its_own(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    file = SettingsFile(tmp_path)

    mainnet, paper = file.caps("mainnet"), file.caps("paper")

    assert (mainnet.max_order, mainnet.max_orders_minute) == (500, 30)
    assert mainnet.max_day_loss == Decimal("0.015")
    assert (mainnet.max_leverage, paper.max_leverage) == (3, 5)


def test_what_another_process_sets_is_seen_at_the_next_look(tmp_path: Path) -> None:
    ours, theirs = SettingsFile(tmp_path), SettingsFile(tmp_path)
    before = ours.caps("paper").max_order

    theirs.set_cap("paper", "max-order", "7usdt")

    assert (before, ours.caps("paper").max_order) == (1_000_000, 7)


def test_setting_one_keeps_everything_else_and_the_comments(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)

    SettingsFile(tmp_path).set_cap("mainnet", "max_order", "1_000usdt")
    SettingsFile(tmp_path).set_cap("testnet", "max-orders-minute", "9")

    assert (
        path.read_text()
        == WHOLE.replace('"500usdt"', '"1000usdt"') + "\n[limits.testnet]\nmax-orders-minute = 9\n"
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize("cap", CAPS, ids=lambda cap: cap.name)
def test_every_limit_is_written_as_it_is_read(tmp_path: Path, cap: object) -> None:
    value = getattr(defaults("mainnet"), cap.field)  # type: ignore[attr-defined]

    caps = SettingsFile(tmp_path).set_cap("demo", cap.name, cap.write(value))  # type: ignore[attr-defined]

    assert getattr(caps, cap.field) == value  # type: ignore[attr-defined]
    assert SettingsFile(tmp_path).caps("demo") == caps


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[limits.mainnet]\nmax-ordr = '1usdt'\n", "line 2: no limit 'max-ordr'; did you mean max-order?"),
        ("[limits.mainnet]\n\nmax-order = 500\n", "line 3: max-order: amount '500' has no unit"),
        ("[limits.mainnet]\nmax-order = '0.1btc'\n", "line 2: max-order: '0.1btc' is not an amount of USDT"),
        (
            "[limits.mainnet]\nmax-order = true\n",
            "line 2: max-order is a truth value, not a value with its unit",
        ),
        ("[limits.mainnet]\nmax-day-loss = 0.02\n", "line 2: max-day-loss is a fraction without a unit,"),
        ("[limits.mainnet]\nmax-day-loss = '2'\n", "line 2: max-day-loss: rate '2' has no unit"),
        (
            "[limits.mainnet]\nmax-leverage = 0\n",
            "line 2: max-leverage: '0' is not a whole number above zero",
        ),
        ("[limits.mainet]\nmax-order = '1usdt'\n", "line 1: no network 'mainet'; there are paper,"),
        ("\n[limit]\n", "line 2: no section 'limit'; there is limits"),
        ("[limits]\nmainnet = 3\n", "line 2: limits.mainnet is a plain value, not a section"),
        ("limits = []\n", "line 1: limits is a list, not a section"),
        ("[limits.mainnet]\nmax-order = '1us", "line 2: "),
        ("[limits.mainnet]\nmax-ord", "line 2: "),
    ],
)
def test_what_makes_no_sense_is_refused_by_file_line_and_key(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        SettingsFile(tmp_path).caps("paper")  # whichever network: the file is one

    assert caught.value.message.startswith(f"{path} {said}")


def test_half_a_file_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    """Cut anywhere, it means what its whole lines say, or it is refused; no limit is wider than one that was set."""
    wide, set_to = defaults("mainnet"), SettingsFile(tmp_path)
    write(tmp_path, WHOLE)
    whole = set_to.caps("mainnet")
    for length in range(len(WHOLE)):
        write(tmp_path, WHOLE[:length])
        try:
            cut = SettingsFile(tmp_path).caps("mainnet")
        except ConfigError:
            continue
        assert cut.max_order in (whole.max_order, wide.max_order)
        assert cut.max_day_loss in (whole.max_day_loss, wide.max_day_loss)
        assert cut.max_orders_minute in (whole.max_orders_minute, wide.max_orders_minute, 3)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path, b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="cannot read"):
        SettingsFile(tmp_path).caps("paper")


def test_a_file_that_others_may_change_is_refused(tmp_path: Path) -> None:
    write(tmp_path, WHOLE).chmod(0o666)

    with pytest.raises(ConfigError, match="may be changed by others") as caught:
        SettingsFile(tmp_path).caps("paper")

    assert caught.value.hint == f"chmod 600 {tmp_path / 'settings.toml'}"


def test_nothing_is_written_into_a_file_that_makes_no_sense(tmp_path: Path) -> None:
    path = write(tmp_path, "[limits.mainnet]\nmax-ord")

    with pytest.raises(ConfigError):
        SettingsFile(tmp_path).set_cap("paper", "max-order", "1usdt")

    assert path.read_text() == "[limits.mainnet]\nmax-ord"


@pytest.mark.parametrize(("name", "value"), [("max-ordr", "1usdt"), ("max-order", "1"), ("max-order", "all")])
def test_what_cannot_be_set_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(UsageError):
        SettingsFile(tmp_path).set_cap("paper", name, value)

    assert not (tmp_path / "settings.toml").exists()

"""Basis points and percent."""

from __future__ import annotations

import pytest

from atapi.services.ratios import as_bps, as_percent
from tests.fakes import D


@pytest.mark.parametrize(
    ("fraction", "bps", "percent"),
    [
        ("0.0001", "1.0000", "0.0100"),
        ("-0.00012345", "-1.2345", "-0.0123"),  # percent is rounded half to even: -0.012345
        ("1", "10000.0000", "100.0000"),
        ("0", "0.0000", "0.0000"),
        ("0.3333333333333333333333333333", "3333.3333", "33.3333"),
    ],
)
def test_a_fraction_is_stated_to_a_ten_thousandth(fraction: str, bps: str, percent: str) -> None:
    assert str(as_bps(D(fraction))) == bps
    assert str(as_percent(D(fraction))) == percent

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atapi.app import open_services
from atapi.domain.amounts import parse_amount
from atapi.domain.spreads import SpreadPlan
from atapi.errors import Refused
from atapi.execution.terms import Style
from atapi.services.container import Services
from atapi.settings import Settings

ASKED = parse_amount("6000usdt")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    settings = Settings(home=tmp_path, seed=7, at=datetime(2026, 1, 1, tzinfo=UTC))
    with open_services(settings, lambda _: None) as made:
        yield made


@pytest.fixture
def plan(services: Services) -> SpreadPlan:
    return services.spreads.plan("BTCUSDT", ASKED)


def test_every_slice_is_an_order_of_its_own(services: Services, plan: SpreadPlan) -> None:
    services.limits.set("max-order", "2000usdt")

    with pytest.raises(Refused, match="6000 USDT is over the order limit of 2000 USDT"):
        services.limits.check_opening(plan, ASKED)
    with pytest.raises(Refused, match=r"29\d\d\.?\d* USDT is over the order limit of 2000 USDT"):
        services.limits.check_opening(plan, ASKED, Style(slices=2))

    services.limits.check_opening(plan, ASKED, Style(slices=3))


@pytest.mark.parametrize(
    ("interval_ms", "fits"), [(0, False), (25_000, False), (30_001, True), (60_001, True)]
)
def test_only_what_leaves_within_a_minute_counts_for_it(
    services: Services, plan: SpreadPlan, interval_ms: int, fits: bool
) -> None:
    services.limits.set("max-minute", "8100usdt")  # two of three slices of both legs
    style = Style(slices=3, interval=interval_ms)

    if fits:
        services.limits.check_opening(plan, ASKED, style)
    else:
        with pytest.raises(Refused, match="within a minute is over the limit of 8100 USDT"):
            services.limits.check_opening(plan, ASKED, style)


def test_all_slices_count_for_what_is_open(services: Services, plan: SpreadPlan) -> None:
    services.limits.set("max-symbol", "5000usdt")

    with pytest.raises(Refused, match="USDT in BTCUSDT on um is over the limit of 5000 USDT"):
        services.limits.check_opening(plan, ASKED, Style(slices=100, interval=60_000))


def test_the_leverage_that_is_set_counts_where_none_is_asked_for(
    services: Services, plan: SpreadPlan
) -> None:
    services.limits.set("max-leverage", "5")

    with pytest.raises(Refused, match="leverage 20 of BTCUSDT is over the limit of 5"):
        services.limits.check_opening(plan, ASKED)

    services.limits.check_opening(replace(plan, leverage=5), ASKED)

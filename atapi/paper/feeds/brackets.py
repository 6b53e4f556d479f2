"""Margin tables: how much leverage a notional may carry, and what must stay as maintenance margin.

BTC and ETH are the tables of 2025-08-17, the others those of 2024-10 (Binance's leverageBracket); symbols without
a table of their own take one by how much they trade. A tier is written `leverage:cap:rate`, cap in quote asset; in
coins where the table is of a coin-margined pair. Those are of 2021, of which BTCUSD is Binance's own.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from atapi.paper.feeds.base import Bracket

TIERS = {
    "BTC": "150:300k:0.004 100:800k:0.005 75:3M:0.0065 50:12M:0.01 25:70M:0.02 20:100M:0.025 10:230M:0.05"
    " 5:480M:0.1 4:600M:0.125 3:800M:0.15 2:1200M:0.25 1:1800M:0.5",
    "ETH": "150:300k:0.004 100:800k:0.005 75:3M:0.0065 50:12M:0.01 25:50M:0.02 20:65M:0.025 10:150M:0.05"
    " 5:320M:0.1 4:400M:0.125 3:530M:0.15 2:800M:0.25 1:1200M:0.5",
    "BNB": "75:10k:0.005 50:50k:0.006 40:200k:0.01 25:1500k:0.02 20:3M:0.025 10:15M:0.05"
    " 5:30M:0.1 4:37500k:0.125 2:75M:0.25 1:150M:0.5",
    "XRP": "75:10k:0.005 50:20k:0.0065 40:160k:0.01 25:800k:0.02 20:1600k:0.025 10:8M:0.05"
    " 5:16M:0.1 4:20M:0.125 2:40M:0.25 1:80M:0.5",
    "SOL": "100:20k:0.005 75:100k:0.0065 50:800k:0.01 25:4M:0.02 20:8M:0.025 10:40M:0.05"
    " 5:80M:0.1 4:100M:0.125 2:200M:0.25 1:400M:0.5",
    "LTC": "75:10k:0.005 50:50k:0.01 40:100k:0.015 25:750k:0.02 20:1M:0.025 10:5M:0.05"
    " 5:10M:0.1 4:20M:0.125 2:30M:0.25 1:50M:0.5",
    "TRX": "75:10k:0.0065 50:90k:0.01 40:120k:0.015 25:650k:0.02 20:800k:0.025 10:3M:0.05"
    " 5:6M:0.1 4:12M:0.125 2:20M:0.25 1:30M:0.5",
    "DOGE": "75:10k:0.005 50:50k:0.007 40:750k:0.01 25:800k:0.02 20:1600k:0.025 10:8M:0.05"
    " 5:16M:0.1 4:20M:0.125 2:40M:0.25 1:80M:0.5",
    "ADA": "75:10k:0.005 50:50k:0.01 40:100k:0.015 25:500k:0.02 20:1M:0.025 10:5M:0.05"
    " 5:10M:0.1 4:20M:0.125 2:30M:0.25 1:50M:0.5",
    "AVAX": "75:5k:0.005 50:25k:0.0065 40:80k:0.01 25:400k:0.02 20:800k:0.025 10:4M:0.05"
    " 5:8M:0.1 4:10M:0.125 2:20M:0.25 1:50M:0.5",
    "LINK": "75:10k:0.005 50:50k:0.01 40:80k:0.015 25:400k:0.02 20:800k:0.025 10:4M:0.05"
    " 5:8M:0.1 4:20M:0.125 2:30M:0.25 1:50M:0.5",
    "DOT": "75:10k:0.0065 50:50k:0.01 40:100k:0.015 25:500k:0.02 20:800k:0.025 10:4M:0.05"
    " 5:8M:0.1 4:10M:0.125 2:30M:0.25 1:50M:0.5",
    "1000PEPE": "75:20k:0.0065 50:200k:0.01 40:300k:0.015 25:1500k:0.02 20:3M:0.025 10:15M:0.05"
    " 5:30M:0.1 4:37500k:0.125 2:75M:0.25 1:150M:0.5",
    "BTCUSD": "125:5:0.004 100:10:0.005 50:20:0.01 20:50:0.025 10:100:0.05 5:200:0.1 4:400:0.125 3:1000:0.15"
    " 2:1500:0.25 1:3000:0.5",
    "ETHUSD": "100:100:0.005 75:250:0.0065 50:500:0.01 20:1000:0.025 10:2000:0.05 5:4000:0.1 4:8000:0.125"
    " 3:20k:0.15 2:30k:0.25 1:60k:0.5",
    "BNBUSD": "75:500:0.0065 50:1000:0.01 20:2500:0.025 10:5000:0.05 5:10k:0.1 4:20k:0.125 2:50k:0.25 1:100k:0.5",
    "middle": "75:10k:0.01 50:100k:0.015 25:500k:0.02 20:1M:0.025 10:5M:0.05"
    " 5:10M:0.1 4:12500k:0.125 2:25M:0.25 1:50M:0.5",
    "small": "75:10k:0.01 50:40k:0.015 25:200k:0.02 20:400k:0.025 10:2M:0.05"
    " 5:4M:0.1 4:5M:0.125 2:12M:0.25 1:20M:0.5",
}

_UNITS = {"k": 1_000, "M": 1_000_000}


@cache
def brackets(name: str) -> tuple[Bracket, ...]:
    """Build one table; each tier's offset makes maintenance margin continuous where tiers meet.

    Source: offset_b = offset_(b-1) + floor_b * (rate_b - rate_(b-1)), Binance's `cum`.
    """
    tiers: list[Bracket] = []
    floor = rate = offset = Decimal(0)
    for text in TIERS[name].split():
        leverage, cap_text, rate_text = text.split(":")
        offset += floor * (Decimal(rate_text) - rate) if tiers else 0
        rate, cap = Decimal(rate_text), _amount(cap_text)
        tiers.append(
            Bracket(floor=floor, cap=cap, leverage=int(leverage), maintenance_rate=rate, offset=offset)
        )
        floor = cap
    return tuple(tiers)


def _amount(text: str) -> Decimal:
    return Decimal(int(text) if text.isdigit() else int(text[:-1]) * _UNITS[text[-1]])

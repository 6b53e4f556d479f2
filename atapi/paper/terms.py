"""What an account is given when it is opened: funds, fee rates, and what its key may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from atapi.matching.models.fees import Rates


class Gift(NamedTuple):
    """Funds from the faucet."""

    wallet: str
    asset: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How an account trades; what is None or empty stays as it is."""

    funds: tuple[Gift, ...] = ()
    fees: Mapping[str, Rates] = field(default_factory=dict)  # market -> rates
    permissions: tuple[str, ...] | None = None
    pays_bnb: bool | None = None  # whether fees are paid in BNB, on both markets
    public_key: str | None = None  # in PEM, of a new account that signs with RSA or Ed25519


REGULAR = Terms()
DESK_FUNDS = (  # of the shell's own account; USDT only, so that balances change by nothing but trading
    Gift("spot", "USDT", Decimal(50_000)),
    Gift("um", "USDT", Decimal(50_000)),
)
FULL_FUNDS = (  # of an account made for other clients: something in every wallet
    Gift("spot", "USDT", Decimal(100_000)),
    Gift("spot", "BTC", Decimal(1)),
    Gift("spot", "ETH", Decimal(10)),
    Gift("spot", "BNB", Decimal(10)),
    Gift("margin", "USDT", Decimal(100_000)),
    Gift("um", "USDT", Decimal(100_000)),
    Gift("cm", "BTC", Decimal(1)),
    Gift("cm", "ETH", Decimal(10)),
    Gift("cm", "BNB", Decimal(10)),
)

"""Which endpoints stand on which port: spot with the wallets, USD-M, COIN-M, and the host's own on all."""

from __future__ import annotations

from atapi.paper.routes import (
    admin,
    admin_accounts,
    admin_faults,
    admin_recording,
    cm_account,
    cm_market,
    cm_orders,
    cm_prices,
    cm_settings,
    listen_keys,
    margin,
    products,
    spot_account,
    spot_changes,
    spot_lists,
    spot_market,
    spot_orders,
    spot_tickers,
    um_account,
    um_funding,
    um_market,
    um_orders,
    um_settings,
    um_tickers,
    wallet,
)
from atapi.paper.wire.router import Router

HOST = (admin, admin_accounts, admin_faults, admin_recording)
SPOT = (
    spot_market,
    spot_tickers,
    spot_orders,
    spot_lists,
    spot_changes,
    spot_account,
    wallet,
    margin,
    products,
    *HOST,
)
UM = (
    um_market,
    um_tickers,
    um_funding,
    um_orders,
    um_account,
    um_settings,
    listen_keys,
    *HOST,
)

CM = (cm_market, cm_prices, cm_orders, cm_account, cm_settings, *HOST)


def routers() -> dict[str, Router]:
    """Make the table of each port."""
    tables = {"spot": Router(), "um": Router(), "cm": Router()}
    for market, files in (("spot", SPOT), ("um", UM), ("cm", CM)):
        for file in files:
            tables[market].include_router(file.router)
    return tables

"""Which endpoints stand on which port: spot with the wallets, USD-M, COIN-M, and the host's own on all."""

from __future__ import annotations

from atapi.paper.routes import (
    admin,
    admin_accounts,
    admin_faults,
    admin_recording,
    batches,
    cm_account,
    cm_market,
    cm_orders,
    cm_prices,
    cm_settings,
    cm_statistics,
    downloads,
    listen_keys,
    margin,
    margin_lists,
    margin_orders,
    margin_streams,
    margin_terms,
    position_margin,
    products,
    spot_account,
    spot_changes,
    spot_lists,
    spot_market,
    spot_orders,
    spot_rules,
    spot_tickers,
    spot_windows,
    um_account,
    um_algo,
    um_changes,
    um_funding,
    um_info,
    um_market,
    um_orders,
    um_settings,
    um_standing,
    um_statistics,
    um_tickers,
    wallet,
    wallet_account,
    wallet_chain,
)
from atapi.paper.wire.router import Router

HOST = (admin, admin_accounts, admin_faults, admin_recording)
MARGIN = (margin, margin_orders, margin_lists, margin_terms, margin_streams)
SPOT = (
    spot_market,
    spot_rules,
    spot_tickers,
    spot_windows,
    spot_orders,
    spot_lists,
    spot_changes,
    spot_account,
    wallet,
    wallet_account,
    wallet_chain,
    *MARGIN,
    products,
    *HOST,
)
UM = (
    um_market,
    um_tickers,
    um_funding,
    um_orders,
    um_changes,
    um_algo,
    batches,
    position_margin,
    downloads,
    um_standing,
    um_info,
    um_statistics,
    um_account,
    um_settings,
    listen_keys,
    *HOST,
)

CM = (cm_market, cm_prices, cm_orders, cm_account, cm_settings, cm_statistics, *HOST)


def routers() -> dict[str, Router]:
    """Make the table of each port."""
    tables = {"spot": Router(), "um": Router(), "cm": Router()}
    for market, files in (("spot", SPOT), ("um", UM), ("cm", CM)):
        for file in files:
            tables[market].include_router(file.router)
    return tables

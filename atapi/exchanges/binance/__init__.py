"""Binance over its two official connectors, with a transport of ours under them."""

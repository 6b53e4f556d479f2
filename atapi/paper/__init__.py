"""The embedded exchange: a server that speaks Binance's HTTP and WebSocket on loopback."""

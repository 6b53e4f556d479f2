"""WebSocket: market streams, user data, and the WebSocket API; imported when the first client upgrades."""

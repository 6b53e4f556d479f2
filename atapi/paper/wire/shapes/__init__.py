"""From what the exchange keeps to the objects on the wire, key by key."""

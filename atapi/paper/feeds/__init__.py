"""Where the embedded exchange's prices come from."""

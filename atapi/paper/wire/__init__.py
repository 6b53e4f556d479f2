"""The wire: requests, parameters, signatures, limits, and who answers what."""

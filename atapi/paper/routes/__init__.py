"""The embedded exchange's endpoints, one file a noun."""

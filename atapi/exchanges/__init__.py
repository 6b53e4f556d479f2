"""Adapters: the only place that knows a venue's spelling."""

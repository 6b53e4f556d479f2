"""Verbs over the venues and the order path; they return values and print nothing."""

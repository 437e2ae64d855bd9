"""Governance rules over a live database and its spec."""

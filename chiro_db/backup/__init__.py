"""Backups of one service that are known to restore."""

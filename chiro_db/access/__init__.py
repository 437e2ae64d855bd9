"""Who can do what and why, computed as PostgreSQL computes it; pure."""

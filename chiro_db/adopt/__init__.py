"""From a live database to the spec of what it has."""

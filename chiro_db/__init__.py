"""chirodb: PostgreSQL for many services in one database, with exactly the declared privileges."""

__version__ = "0.1.0"

"""Random specs against random databases; tests/oracle says whether the result is right."""

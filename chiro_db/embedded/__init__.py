"""A private PostgreSQL for each spec, run by chirodb itself from the binaries at hand."""

from chiro_db.embedded.apart import apart
from chiro_db.embedded.cluster import Cluster
from chiro_db.embedded.place import state_directory
from chiro_db.embedded.status import Status

__all__ = ["Cluster", "Status", "apart", "state_directory"]

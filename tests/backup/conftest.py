"""Every test here has a database of its own with a service in it."""

from tests.backup.shop import shop as shop
from tests.provisioning import provision as provision

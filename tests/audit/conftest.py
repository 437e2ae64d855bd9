"""Every test here has a database of its own and a spec to bring it in line with."""

from tests.provisioning import provision as provision

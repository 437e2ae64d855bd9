from tests.provisioning import provision

__all__ = ["provision"]

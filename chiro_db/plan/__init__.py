"""From a spec and a state to a plan; pure."""

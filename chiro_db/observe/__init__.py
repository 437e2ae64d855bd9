"""What a server does for each service: slow statements, metrics, and what keeps it from working."""

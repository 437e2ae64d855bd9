"""What a spec declares, and what PostgreSQL says: compared without any code of chirodb."""

"""Planning against a live server, and carrying a plan out."""

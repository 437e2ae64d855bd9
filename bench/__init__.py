"""The benchmark: workloads, floors, peers and the figures (bench/README.md)."""

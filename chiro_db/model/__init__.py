"""The values of the pipeline: spec, state, changes and plan. Nothing here does I/O."""

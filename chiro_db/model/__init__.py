"""The values that flow through the pipeline: spec, state, changes and plan. Nothing here does I/O."""

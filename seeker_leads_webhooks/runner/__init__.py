"""The runner: when the pipeline runs, and the process that it runs in."""

"""The runner: decides when the pipeline runs, and runs it as a process."""

"""The parts that tap and target share as Singer plugins: command line, settings, log, signals and stdout."""

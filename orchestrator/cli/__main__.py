"""`python -m orchestrator.cli`, for where the console script is not installed."""

from orchestrator.cli import main

main()

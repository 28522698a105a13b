"""What every layer of tests shares."""

pytest_plugins = ["tests.workflow.engine_options"]

"""What every layer of tests shares."""

from hypothesis import settings

pytest_plugins = ["tests.workflow.engine_options"]

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

"""The stack as it is synthesized for the local run, once a session."""

import json
from pathlib import Path

import pytest

from orchestrator.local.synth import synthesize
from tenant_onboarding.names import STACK_NAME
from tests.infra.template import Template


@pytest.fixture(scope="session")
def assembly() -> Path:
    """The cloud assembly: template and code asset."""
    return synthesize()


@pytest.fixture(scope="session")
def synthesized(assembly: Path) -> str:
    """The template's text."""
    return (assembly / f"{STACK_NAME}.template.json").read_text()


@pytest.fixture
def template(synthesized: str) -> Template:
    """The template, each test's own copy, so that it may spoil it."""
    loaded: Template = json.loads(synthesized)
    return loaded


@pytest.fixture(scope="session")
def local_asset(assembly: Path) -> Path:
    """The folder of the one code asset."""
    (folder,) = assembly.glob("asset.*")
    return folder

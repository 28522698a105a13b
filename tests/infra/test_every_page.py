"""Whoever looks for what must not be there looks at every page: services answer a long list by its beginning alone."""

import ast
from collections.abc import Iterator

import pytest

from tests.infra.source import ROOT, modules, tree

IN_PAGES = ("describe_log_groups", "filter_log_events", "get_execution_history", "list_executions")
"""What logs and executions are read by; with `maxResults`, somebody wants only so many."""
PLACES = ("tests/e2e/personal_data.py", "tests/e2e/test_onboarding.py", "tests/e2e/test_sign_in_attacks.py")


def of_one_page(source: ast.AST) -> Iterator[str]:
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in IN_PAGES:
            yield node.func.attr


@pytest.mark.parametrize("place", PLACES)
def test_nobody_who_looks_for_personal_data_reads_one_page(place: str) -> None:
    assert list(of_one_page(tree(ROOT / place))) == []
    assert ROOT / place in modules("tests").values()


def test_one_page_is_noticed() -> None:
    assert list(of_one_page(ast.parse("logs.filter_log_events(logGroupName=group)"))) == ["filter_log_events"]
    assert list(of_one_page(ast.parse("logs.get_paginator('filter_log_events').paginate()"))) == []

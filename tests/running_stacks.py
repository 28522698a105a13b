"""What a stack costs, at a glance: each one that tests start, who shares it, and why no other would do.

Before its first test a `world` takes about 12 CPU seconds, an empty `MiniStack` less than one. A fixture of a session
starts its stack once in each worker of pytest that runs one of its files, or once in all where the files keep together
(`together`); `pytest --durations=20` shows the starts as `setup`. A new test shares the first stack here unless it can
say why not, and keeps apart from the others by the names of its tenants.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunningStack:
    """A running stack."""

    call: str
    """What starts it, as it stands in the code."""
    started_in: str
    """The file and the function."""
    shared_by: tuple[str, ...]
    """The files that use it."""
    why: str
    """What another stack could not give."""
    together: bool = False
    """One worker runs all of its files, and starts it once."""


STACKS = (
    RunningStack(
        "world()",
        "tests/e2e/conftest.py::running_world",
        (
            "tests/e2e/test_abandonment.py",
            "tests/e2e/test_accounts.py",
            "tests/e2e/test_config.py",
            "tests/e2e/test_dead_letters.py",
            "tests/e2e/test_doctor.py",
            "tests/e2e/test_domains.py",
            "tests/e2e/test_email.py",
            "tests/e2e/test_faults.py",
            "tests/e2e/test_listening.py",
            "tests/e2e/test_members.py",
            "tests/e2e/test_onboarding.py",
            "tests/e2e/test_people_faults.py",
            "tests/e2e/test_personal_data.py",
            "tests/e2e/test_pre_sign_up.py",
            "tests/e2e/test_races.py",
            "tests/e2e/test_rollback.py",
            "tests/e2e/test_sessions.py",
            "tests/e2e/test_sign_in.py",
            "tests/e2e/test_sign_in_attacks.py",
            "tests/e2e/test_status_api.py",
            "tests/e2e/test_tiers.py",
            "tests/e2e/test_token_claims.py",
            "tests/e2e/test_users.py",
        ),
        "the stack to share: the deployed template with its defaults, IAM enforced",
        together=True,
    ),
    RunningStack(
        "world(assembly=earlier)",
        "tests/e2e/test_upgrade.py::story",
        ("tests/e2e/test_upgrade.py",),
        "it begins with an earlier release, and this one is deployed over it",
    ),
    RunningStack(
        "world(eventSources='billing,stripe')",
        "tests/e2e/test_event_plumbing.py::guarded",
        ("tests/e2e/test_event_plumbing.py",),
        "its bus refuses other sources, and a replay of its archive repeats every event",
    ),
    RunningStack(
        "world(groupsPerPool=str(GROUPS))",
        "tests/e2e/test_shared_pools.py::test_they_grow_ahead_of_need_and_hold_no_more_than_they_may",
        ("tests/e2e/test_shared_pools.py",),
        "the test counts every group, and its shared user pools are small",
    ),
    RunningStack(
        "world(groupsPerPool=CONTEXT['groupsPerPool'])",
        "tests/e2e/test_least_privilege.py::compared",
        ("tests/e2e/test_least_privilege.py",),
        "the test compares every call with the grants, so no other test may call here",
    ),
    RunningStack(
        "world(runtime=start_of(protection))",
        "tests/e2e/test_missed_protections.py::test_without_a_protection_the_sweep_finds_a_duplicate",
        ("tests/e2e/test_missed_protections.py",),
        "its functions start with a protection switched off; one stack for each protection",
    ),
    RunningStack(
        "world(runtime=start_of('no_lease'))",
        "tests/e2e/test_missed_protections.py::test_without_a_lease_an_old_attempt_that_wakes_up_makes_a_twin",
        ("tests/e2e/test_missed_protections.py",),
        "its functions start without leases",
    ),
    RunningStack(
        "world(wait_scale=0.2)",
        "tests/e2e/sweep.py::sweep_world",
        ("benchmarks/fault_sweep.py",),
        "its waits are longer than the lease of a dead function; for the whole sweep only",
    ),
    RunningStack(
        "onboard up --demo",
        "tests/e2e/test_up.py::terminal",
        ("tests/e2e/test_up.py",),
        "the command itself is tested, from its start to Ctrl-C",
    ),
    RunningStack(
        "onboard demo",
        "tests/e2e/test_demo.py::test_the_demo_says_what_the_readme_says_it_does",
        ("tests/e2e/test_demo.py",),
        "the command itself is tested",
    ),
    RunningStack(
        "MiniStack()",
        "tests/e2e/test_deploy.py::account",
        ("tests/e2e/test_deploy.py",),
        "an empty account, in which `make` deploys and destroys",
    ),
    RunningStack(
        "MiniStack()",
        "tests/e2e/test_deploy_abroad.py::account",
        ("tests/e2e/test_deploy_abroad.py",),
        "an account with a second empty Region",
    ),
    RunningStack(
        "local_stack(over_tls.port, enforce_iam=True, functions_endpoint=endpoint)",
        "tests/browser/conftest.py::running_stack",
        (
            "tests/browser/test_accessibility.py",
            "tests/browser/test_bulk_retry.py",
            "tests/browser/test_calls.py",
            "tests/browser/test_copying.py",
            "tests/browser/test_people.py",
            "tests/browser/test_pictures.py",
            "tests/browser/test_product.py",
            "tests/browser/test_product_looks.py",
            "tests/browser/test_repair.py",
            "tests/browser/test_sign_in.py",
            "tests/browser/test_tenants.py",
            "tests/browser/test_untrusted_text.py",
        ),
        "it holds 10,000 tenants, and its sender is not verified at first",
    ),
    RunningStack(
        "local_stack(enforce_iam=True, concurrent_functions=FEW_FUNCTIONS)",
        "tests/browser/test_door.py::small_account",
        ("tests/browser/test_door.py",),
        "at most two of its functions may run at once",
    ),
    RunningStack(
        "engines.ministack(scripted_lambda)",
        "tests/workflow/conftest.py::engine",
        (
            "tests/workflow/test_branches.py",
            "tests/workflow/test_burst.py",
            "tests/workflow/test_failures.py",
            "tests/workflow/test_payloads.py",
            "tests/workflow/test_portions.py",
            "tests/workflow/test_retries.py",
        ),
        "the state machines alone, with functions that do as they are told",
        together=True,
    ),
    RunningStack(
        "engines.moto(scripted_lambda, tmp_path_factory.mktemp('moto'))",
        "tests/workflow/conftest.py::engine",
        (
            "tests/workflow/test_branches.py",
            "tests/workflow/test_burst.py",
            "tests/workflow/test_failures.py",
            "tests/workflow/test_payloads.py",
            "tests/workflow/test_portions.py",
            "tests/workflow/test_retries.py",
        ),
        "another engine, which knows nothing of the first",
        together=True,
    ),
)
"""The stacks, the one to share first; AWS Step Functions Local apart, which somebody starts by hand."""

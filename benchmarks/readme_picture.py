"""Makes the README's picture of the dashboard anew: `make picture`.

A local stack brings tenants as `onboard up --demo` does, some of which fail. The picture is taken while others are on
their way.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from playwright.sync_api import sync_playwright

from orchestrator.local.lively import AT_ONCE, bring_tenants
from orchestrator.local.people import let_in
from orchestrator.local.product import product
from orchestrator.local.stack import local_stack
from orchestrator.status.contract import OPERATORS
from tests.browser.conftest import launched
from tests.browser.dashboard import new_dashboard

PICTURE = Path(__file__).parents[1] / "docs" / "dashboard.png"
SIZE = {"width": 1280, "height": 900}


def main() -> None:
    """Write the picture."""
    with (
        ThreadPoolExecutor(max_workers=1) as bringing,  # it ends with the local AWS
        local_stack() as stack,
        product(stack) as sample,
        sync_playwright() as playwright,
        launched(playwright) as browser,
    ):
        (operator,) = (person for person in let_in(stack) if person.group == OPERATORS)
        context = browser.new_context(viewport=SIZE, locale="en-GB", color_scheme="light")  # type: ignore[arg-type]
        dashboard = new_dashboard(context, stack.dashboard_url)
        dashboard.sign_in(operator)
        bringing.submit(bring_tenants, stack, sample, lambda _: None)
        on_their_way = dashboard.page.locator("tr[data-status=IN_PROGRESS]")
        for number in count():
            with dashboard.page.expect_response("**/onboardings?*"):
                dashboard.page.evaluate("hash => { location.hash = hash; }", f"#/?{number}")  # asks anew at once
            if on_their_way.count() == AT_ONCE:
                break
        dashboard.page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()

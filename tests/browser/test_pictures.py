"""Pictures of the dashboard, for people to look at; the README shows one of them."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from orchestrator.local.people import Person
from tests.browser.conftest import LOOKS, NewTab
from tests.browser.tenants import Tenants

FOLDER = Path(__file__).parents[2] / ".cache" / "pictures"


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_a_picture_is_taken(look: str, tab: NewTab, people: dict[str, Person], tenants: Tenants) -> None:
    tenants.bounce(f"bounced-{look}")
    tenants.fail(f"pictured-{look}")
    dashboard = tab(**LOOKS[look])
    dashboard.sign_in(people["operators"])
    expect(dashboard.page.locator("table.list")).to_be_visible()
    FOLDER.mkdir(parents=True, exist_ok=True)
    places = {"tenants": "#/", "rejected": "#/rejections"}
    places |= {"tenant": f"#/tenants/pictured-{look}", "bounced": f"#/tenants/bounced-{look}"}
    for name, place in places.items():
        dashboard.visit(place)
        picture = dashboard.page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)
        assert picture.startswith(b"\x89PNG")

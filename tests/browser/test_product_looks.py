"""The sample product's page can be used by keyboard and by ear, on every screen; whatever it is told stays text."""

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import LOOKS, NewVisitor
from tests.browser.product import OWN_PASSWORD, Admin
from tests.browser.width import TOO_WIDE

ATTACK = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>${7*7}"
SAID = dict.fromkeys(("tenantId", "tier", "role", "userId", "subject"), ATTACK) | {
    "groups": [ATTACK],
    "projects": [ATTACK],
}


def test_an_address_of_nobody_says_so(visitor: NewVisitor) -> None:
    tab = visitor()
    for subdomain in ("nobody", "www"):
        tab.open(subdomain)
        tab.sees("Nobody is at this address")
    assert tab.violations() == []


def test_whatever_the_api_and_the_resolver_say_stays_text(visitor: NewVisitor, signed_in: dict[str, str]) -> None:
    tab = visitor()
    tab.open("shop-pool")
    tab.sees("Sign in to shop-pool")
    tab.keep(signed_in["shop-pool"])
    tab.page.route("**/me", lambda route: route.fulfill(json=SAID))
    tab.page.reload()
    tab.sees(f"Welcome to {ATTACK}")
    assert tab.page.locator("dd", has_text=ATTACK).count() == 6
    assert tab.page.locator("main img, main script").count() == 0
    tab.page.unroute_all()
    tab.page.evaluate("sessionStorage.clear()")

    def answer(route: Route) -> None:
        found = route.fetch().json()
        route.fulfill(json=found | {"tenantId": ATTACK, "identityProviders": [f"12345678-{ATTACK}"]})

    tab.page.route("**/config?*", answer)
    tab.page.reload()
    tab.sees(f"Sign in to {ATTACK}")
    expect(tab.page.get_by_role("button", name=f"Sign in with {ATTACK}")).to_be_visible()
    assert tab.page.locator("main img, main script").count() == 0
    assert "broken" not in tab.page.title().split("Sign in")[0]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state(look: str, visitor: NewVisitor, signed_in: dict[str, str], admins: Any) -> None:
    tab = visitor(**LOOKS[look])
    tab.open("shop-pool")
    tab.sees("Sign in to shop-pool")
    assert tab.violations() == []
    tab.sign_in(admins["shop-pool"].email, "not-the-password-1A")
    expect(tab.page.get_by_role("alert")).to_be_visible()
    assert tab.violations() == []
    tab.keep(signed_in["shop-pool"])
    tab.page.reload()
    tab.sees("Welcome to shop-pool")
    assert tab.violations() == []
    for section in tab.page.locator("main section").all():
        name = section.get_attribute("id")
        tab.page.evaluate(
            "id => document.querySelectorAll('main section').forEach(each => each.hidden = each.id !== id)", name
        )
        tab.page.set_viewport_size({"width": 320, "height": 700})
        assert tab.violations() == [], name
        assert tab.page.evaluate(TOO_WIDE) == [], name


def test_signing_in_and_out_by_keyboard_alone(
    visitor: NewVisitor, admins: dict[str, Admin], signed_in: dict[str, str]
) -> None:
    tab = visitor()
    tab.open("shop-silo")
    expect(tab.field("Email address")).to_be_focused()
    keyboard = tab.page.keyboard
    keyboard.type(admins["shop-silo"].email)
    keyboard.press("Tab")
    keyboard.type(OWN_PASSWORD)
    keyboard.press("Enter")
    expect(tab.heading("Welcome to shop-silo")).to_be_focused()
    for button in ("Your company's people", "Sign out"):
        keyboard.press("Tab")
        expect(tab.page.get_by_role("button", name=button)).to_be_focused()
    keyboard.press("Enter")
    expect(tab.field("Email address")).to_be_focused()


def test_what_does_not_answer_is_told_and_tried_again(visitor: NewVisitor, signed_in: dict[str, str]) -> None:
    tab = visitor()
    tab.page.route("**/config?*", lambda route: route.fulfill(status=503, body="{}"))
    tab.open("shop-pool")
    tab.sees("This does not work at the moment")
    assert tab.violations() == []
    tab.page.unroute_all()
    tab.press("Try again")
    tab.sees("Sign in to shop-pool")

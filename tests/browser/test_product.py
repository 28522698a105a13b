"""The sample product in Chromium: whose address it is, signing in, one's own tenant and no other."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from orchestrator.local import authenticator, colleague, saml_provider
from orchestrator.local.ministack import ROOT
from orchestrator.local.stack import LocalStack
from tests.browser.conftest import NewVisitor
from tests.browser.product import OWN_PASSWORD, Admin, Visitor, onboard
from tests.browser.tenants import Tenants
from tests.e2e.world import federated

PICTURES = ROOT / ".cache" / "pictures"


def test_the_first_sign_in_with_the_mailed_password(visitor: NewVisitor, newcomer: Callable[..., Admin]) -> None:
    admin, tab = newcomer("first"), visitor()
    tab.open("first")
    tab.sees("Sign in to first")
    tab.sign_in(admin.email.upper(), admin.password)
    tab.sees("Choose your own password")
    kept_for = tab.page.locator("#new-password form [autocomplete=username]")
    expect(kept_for).to_have_value(admin.email.upper())  # by which a password manager knows whose the new one is
    expect(kept_for).not_to_be_editable()
    expect(tab.field("New password")).to_be_focused()
    tab.field("New password").fill(OWN_PASSWORD)
    tab.press("Go on")
    tab.sees("Welcome to first")
    assert tab.page.locator("dd").all_inner_texts()[:4] == ["first", "pool", "admin", "first"]
    expect(tab.page.locator(".projects li").first).to_contain_text("of first")
    tab.page.reload()
    tab.sees("Welcome to first")
    assert tab.page.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0
    assert [request.url for request in tab.sent if admin.password in (request.post_data or "")] == []
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.page.screenshot(path=PICTURES / "product.png", full_page=True)


@pytest.mark.parametrize("tenant_id", ["shop-pool", "shop-bridge", "shop-silo"])
def test_every_tier_signs_in_again_with_ones_own_password(
    visitor: NewVisitor, admins: dict[str, Admin], signed_in: dict[str, str], tenant_id: str
) -> None:
    tab = visitor()
    tab.open(tenant_id)
    tab.sign_in(admins[tenant_id].email, OWN_PASSWORD)
    tab.sees(f"Welcome to {tenant_id}")


@pytest.mark.parametrize("there", ["shop-bridge", "shop-silo"])
def test_another_tenants_address_refuses_the_same_token(
    visitor: NewVisitor, signed_in: dict[str, str], there: str
) -> None:
    tab = visitor()
    tab.open(there)
    tab.sees(f"Sign in to {there}")
    tab.keep(signed_in["shop-pool"])
    tab.page.reload()
    tab.sees("You are not let in here")
    assert "shop-pool" not in tab.page.locator("main").inner_text()
    tab.press("Sign out")
    tab.sees(f"Sign in to {there}")


def test_a_wrong_password_is_told_and_nothing_else(visitor: NewVisitor, signed_in: dict[str, str]) -> None:
    tab = visitor()
    for email in ("admin@shop-pool.example", "stranger@shop-pool.example"):
        tab.open("shop-pool")
        tab.sign_in(email, "not-the-password-1A")
        expect(tab.page.get_by_role("alert")).to_contain_text("is not right")
    assert tab.kept() == "None"
    assert tab.violations() == []


def test_an_address_whose_domain_is_in_its_own_script_signs_in_as_it_is_kept(
    visitor: NewVisitor, signed_in: dict[str, str]
) -> None:
    tab = visitor()
    tab.open("shop-pool")
    with tab.page.expect_request(
        lambda request: request.headers.get("x-amz-target", "").endswith(".InitiateAuth")
    ) as asked:
        tab.sign_in("Admin@B\u00fccher.Example", "not-the-password-1A")
    sent = json.loads(asked.value.post_data or "")
    assert sent["AuthParameters"]["USERNAME"] == "shop-pool/admin@xn--bcher-kva.example"


def test_an_authenticator_app_is_asked_for_once_there_is_one(
    visitor: NewVisitor, running_stack: LocalStack, newcomer: Callable[..., Admin]
) -> None:
    admin, tab = newcomer("second-factor"), visitor()
    tab.sign_in_first(admin)
    totp = authenticator.enrol(
        running_stack.clients, running_stack.settings.routes_table, admin.resources, OWN_PASSWORD
    )
    tab.press("Sign out")
    tab.sign_in(admin.email, OWN_PASSWORD)
    tab.sees("Your one-time code")
    assert tab.violations() == []
    tab.field("The code that your authenticator app shows").fill(totp.now())
    tab.press("Go on")
    tab.sees("Welcome to second-factor")


def test_who_must_add_an_authenticator_app_is_led_through_it(
    visitor: NewVisitor, running_stack: LocalStack, admins: dict[str, Admin], signed_in: dict[str, str]
) -> None:
    """The local AWS asks nobody for it, so Cognito's documented answers take its place after the password."""
    tab, tokens = visitor(), json.loads(signed_in["shop-silo"])
    issued = {"AccessToken": tokens["access"], "IdToken": tokens["id"], "RefreshToken": tokens["refresh"]}
    asked: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        operation = route.request.headers.get("x-amz-target", ".").split(".")[1]
        sent = json.loads(route.request.post_data or "{}")
        asked.append(sent)
        answers: dict[str, dict[str, Any]] = {
            "PASSWORD_VERIFIER": {"ChallengeName": "MFA_SETUP", "Session": "one", "ChallengeParameters": {}},
            "AssociateSoftwareToken": {"SecretCode": "SECRETOFTHEAPP", "Session": "two"},
            "VerifySoftwareToken": {"Status": "SUCCESS", "Session": "three"},
            "MFA_SETUP": {"AuthenticationResult": issued | {"ExpiresIn": 3600, "TokenType": "Bearer"}},
        }
        found = answers.get(sent.get("ChallengeName", operation))
        route.fulfill(json=found) if found and route.request.method == "POST" else route.continue_()

    tab.page.route(f"{running_stack.ministack.endpoint}/", answer)
    tab.open("shop-silo")
    tab.sign_in(admins["shop-silo"].email, OWN_PASSWORD)
    tab.sees("Add an authenticator app")
    expect(tab.page.get_by_text("SECRETOFTHEAPP")).to_be_visible()
    assert tab.violations() == []
    tab.field("The code that the app shows").fill("123456")
    tab.press("Go on")
    tab.sees("Welcome to shop-silo")
    assert [(each.get("UserCode"), each["Session"]) for each in asked if "Session" in each] == [
        (None, "one"),
        ("123456", "two"),
        (None, "three"),
    ]


def test_signing_out_takes_the_tokens_back(
    visitor: NewVisitor, admins: dict[str, Admin], signed_in: dict[str, str]
) -> None:
    tab = visitor()
    tab.open("shop-pool")
    tab.sign_in(admins["shop-pool"].email, OWN_PASSWORD)
    tab.sees("Welcome to shop-pool")
    refresh = json.loads(tab.kept())["refresh"]
    with tab.page.expect_request(
        lambda request: request.headers.get("x-amz-target", "").endswith("RevokeToken")
    ) as sent:
        tab.press("Sign out")
    tab.sees("Sign in to shop-pool")
    assert json.loads(sent.value.post_data or "")["Token"] == refresh
    assert tab.page.evaluate("sessionStorage.length") == 0
    tab.page.reload()
    tab.sees("Sign in to shop-pool")


def test_a_token_is_renewed_before_it_runs_out_and_one_that_cannot_be_leads_to_the_door(
    visitor: NewVisitor, admins: dict[str, Admin], signed_in: dict[str, str]
) -> None:
    tab = visitor()
    tab.open("shop-bridge")
    tab.sign_in(admins["shop-bridge"].email, OWN_PASSWORD)
    tab.sees("Welcome to shop-bridge")
    before = json.loads(tab.kept())
    tab.keep(json.dumps(before | {"expiresAt": 0}))
    tab.page.reload()
    tab.sees("Welcome to shop-bridge")
    after = json.loads(tab.kept())
    assert after["access"] != before["access"]
    assert after["expiresAt"] > before["expiresAt"] - 120_000
    tab.keep(json.dumps(after | {"expiresAt": 0, "refresh": "made-up"}))
    tab.page.reload()
    expect(tab.page.get_by_role("alert")).to_contain_text("run out")
    tab.sees("Sign in to shop-bridge")


def test_the_account_api_signs_in_goes_on_and_signs_out_and_the_page_asks_cognito_nothing(
    visitor: NewVisitor, newcomer: Callable[..., Admin]
) -> None:
    admin, tab = newcomer("no-sdk"), visitor()
    tab.open("no-sdk")
    tab.field("Sign in without the SDK").check()
    tab.sign_in(admin.email.upper(), "not-the-password-1A")
    expect(tab.page.get_by_role("alert")).to_contain_text("is not right")
    assert tab.violations() == []
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.page.screenshot(path=PICTURES / "product-without-sdk.png", full_page=True)
    tab.sign_in(admin.email.upper(), admin.password)
    tab.sees("Choose your own password")
    tab.field("New password").fill(OWN_PASSWORD)
    tab.press("Go on")
    tab.sees("Welcome to no-sdk")
    before = json.loads(tab.kept())
    tab.keep(json.dumps(before | {"expiresAt": 0}))
    tab.page.reload()
    tab.sees("Welcome to no-sdk")
    assert json.loads(tab.kept())["access"] != before["access"]
    with tab.page.expect_response(re.compile("/auth/sign-out")) as signed_out:
        tab.press("Sign out")
    assert signed_out.value.status == 204
    tab.sees("Sign in to no-sdk")
    tab.keep(json.dumps(before | {"expiresAt": 0}))
    tab.page.reload()
    expect(tab.page.get_by_role("alert")).to_contain_text("run out")
    assert tab.kept() == "None"
    asked = [request.url.split("/account/v1/auth/")[1] for request in tab.sent if "/account/v1/auth/" in request.url]
    assert asked == ["sign-in", "sign-in", "challenge", "refresh", "sign-out", "refresh"]
    assert [request for request in tab.sent if "x-amz-target" in request.headers] == []


def test_an_admin_looks_after_the_tenants_people(
    visitor: NewVisitor, running_stack: LocalStack, newcomer: Callable[..., Admin]
) -> None:
    admin, tab, theirs = newcomer("staff"), visitor(), visitor()
    email = colleague.address("staff")
    news = tab.page.get_by_role("alert")
    status = tab.page.locator("#person [data-of=status]")
    tab.sign_in_first(admin)
    expect(tab.page.locator("#signed-in dl")).to_contain_text(admin.email)
    tab.press("Your company's people")
    tab.sees("People of staff")
    tab.press("Invite somebody")
    tab.field("Their email address").fill(email.title())
    tab.field("Their name (optional)").fill("A colleague")
    tab.press("Invite")
    tab.sees(f"About {email}")
    expect(news).to_contain_text("They are invited")
    colleague.follow(running_stack, colleague.link_to(running_stack, email), OWN_PASSWORD)
    tab.press("Back to the list")
    tab.field("The beginning of an address or a name").fill("A coll")
    tab.press("Search")
    expect(tab.page.locator(".people li")).to_have_count(1)
    tab.page.get_by_role("button", name=f"A colleague {email} member, active").click()
    tab.press("Disable")
    expect(status).to_contain_text("disabled")
    theirs.open("staff")
    theirs.field("Sign in without the SDK").check()
    theirs.sign_in(email, OWN_PASSWORD)
    expect(theirs.page.get_by_role("alert")).to_contain_text("is not right")
    tab.press("Enable")
    expect(status).to_have_text("active")
    theirs.sign_in(email, OWN_PASSWORD)
    theirs.sees("Welcome to staff")
    expect(theirs.page.get_by_role("button", name="Your company's people")).to_be_hidden()
    tab.field("Another role").select_option("admin")
    tab.press("Give this role")
    expect(news).to_contain_text("Their role is admin now")
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.page.screenshot(path=PICTURES / "product-person.png", full_page=True)
    tab.press("Remove")
    tab.press("Remove for good")
    expect(news).to_contain_text(f"{email} is removed")
    expect(tab.page.locator(".people li")).to_have_count(1)
    tab.page.screenshot(path=PICTURES / "product-people.png", full_page=True)
    tab.page.get_by_role("button", name=admin.email).click()
    tab.press("Disable")
    expect(news).to_contain_text("no admin any more")
    theirs.keep(json.dumps(json.loads(theirs.kept()) | {"expiresAt": 0}))
    theirs.page.reload()
    expect(theirs.page.get_by_role("alert")).to_contain_text("run out")


def play_the_provider(tab: Visitor, user: str) -> list[str]:
    """Answer for any tenant's provider as its page would: post what it says to where Cognito takes it."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        relay = re.findall(r"RelayState=([^&]+)", route.request.url)[0]
        address = f"{tab.product.front.sign_in_address}/saml2/idpresponse"
        fields = {"SAMLResponse": saml_provider.answer_for(user), "RelayState": relay}
        inputs = "".join(f"<input name={name} value='{value}'>" for name, value in fields.items())
        form = f"<form method=post action='{address}'>{inputs}</form><script>document.forms[0].submit()</script>"
        route.fulfill(body=form, content_type="text/html")

    tab.page.route(re.compile(r"^https://idp\."), answer)
    return asked


def test_a_federated_tenants_people_sign_in_at_their_own_provider(
    visitor: NewVisitor, running_stack: LocalStack, tenants: Tenants
) -> None:
    tenants.verify_sender()
    resources = onboard(running_stack, federated("alliance"))
    tab = visitor()
    asked = play_the_provider(tab, "u@alliance.example")
    tab.open("alliance")
    tab.sees("Sign in to alliance")
    assert tab.violations() == []
    with tab.page.expect_request(re.compile("/oauth2/authorize")) as left:
        tab.press("Sign in with Sso")
    tab.sees("Welcome to alliance")
    for part in (
        "code_challenge_method=S256",
        "state=",
        "nonce=",
        f"identity_provider={resources['identityProviders'][0]}",
    ):
        assert part in left.value.url
    assert "redirect_uri=https%3A%2F%2Falliance.app.example%2Fauth%2Fcallback" in left.value.url
    assert asked
    assert asked[0].startswith("https://idp.alliance.example/sso?SAMLRequest=")
    assert tab.page.url == f"{tab.product.address_of('alliance')}/"
    expect(tab.page.locator("#signed-in dl")).to_contain_text("member")
    with tab.page.expect_request(re.compile("/logout")) as logout:
        tab.press("Sign out")
    assert "logout_uri=https%3A%2F%2Falliance.app.example%2F" in logout.value.url
    tab.sees("Sign in to alliance")
    assert tab.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("query", ["?code=stolen&state=of-somebody-else", "?code=x", "?error=access_denied&state=x"])
def test_a_code_that_this_tab_did_not_ask_for_is_refused(
    query: str, visitor: NewVisitor, admins: dict[str, Admin]
) -> None:
    tab = visitor()
    tab.open("shop-silo", f"/auth/callback{query}")
    expect(tab.page.get_by_role("alert")).to_contain_text("Signing in did not work")
    assert tab.page.url == f"{tab.product.address_of('shop-silo')}/"
    assert [request.url for request in tab.sent if "/oauth2/token" in request.url] == []

"""Ids, ARNs and commands are taken along by a button, heard of, and selected where a page may not copy."""

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard import Dashboard


@pytest.mark.parametrize(
    ("what", "text"), [("the host", "before-00003.app.example"), ("the tenant id", "before-00003")]
)
def test_a_click_or_a_key_copies_and_says_so(viewer: Dashboard, what: str, text: str) -> None:
    viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    viewer.open("#/tenants/before-00003")
    button = viewer.page.get_by_role("button", name=f"Copy {what}")
    button.focus()
    viewer.page.keyboard.press("Enter")
    said = viewer.page.locator("[aria-live=polite]", has_text="Copied.")
    expect(said).to_be_visible()
    assert viewer.page.evaluate("navigator.clipboard.readText()") == text
    expect(button).to_be_focused()
    viewer.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }")
    button.click()
    expect(viewer.page.locator("[aria-live=polite]", has_text="Selected.")).to_be_visible()
    assert viewer.page.evaluate("String(getSelection())") == text

"""Ids, ARNs and commands are taken along by a button, heard of, and selected where a page may not copy."""

from playwright.sync_api import expect

from tests.browser.dashboard import Dashboard


def test_a_click_or_a_key_copies_and_says_so(viewer: Dashboard) -> None:
    viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    viewer.open("#/tenants/before-00003")
    button = viewer.page.get_by_role("button", name="Copy the host")
    button.focus()
    viewer.page.keyboard.press("Enter")
    said = viewer.page.locator("[aria-live=polite]", has_text="Copied.")
    expect(said).to_be_visible()
    assert viewer.page.evaluate("navigator.clipboard.readText()") == "before-00003.app.example"
    expect(button).to_be_focused()
    viewer.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }")
    button.click()
    expect(viewer.page.locator("[aria-live=polite]", has_text="Selected.")).to_be_visible()
    assert viewer.page.evaluate("String(getSelection())") == "before-00003.app.example"

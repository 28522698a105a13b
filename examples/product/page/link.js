/**
 * The link of a mail, which leads here with a secret in its fragment: `#action=confirm&token=…` or `#action=reset&token=…`.
 *
 * No server sees a fragment. It leaves the address bar at once, before anything else is loaded or asked, and is kept
 * nowhere: whoever reloads the page opens the link again.
 */
const ACTIONS = ["confirm", "reset"];

/** Return `{ action, token }` of the link that led here, and take it out of the address; null if there is none. */
export function takeLink() {
  const said = new URLSearchParams(location.hash.slice(1));
  if (!said.has("token")) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return ACTIONS.includes(said.get("action")) ? { action: said.get("action"), token: said.get("token") } : null;
}

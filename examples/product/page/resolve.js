/** Whose address this is: the resolver's answer for the host name, the same for everybody who asks. */
const ANSWER_MILLISECONDS = 10_000;

/** Return what signing in at a host needs; null if the host is nobody's. */
export async function resolve({ configUrl, host }) {
  const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
  const answer = await fetch(`${configUrl}?${new URLSearchParams({ host })}`, { signal, credentials: "omit" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`The resolver answered with status ${answer.status}.`);
  return answer.json();
}

/** Put a tenant's own values into an address with places for them, such as `https://{domain}`. */
export function addressOf(template, config) {
  return template.replace("{region}", config.region).replace("{domain}", config.domain);
}

/** Return an email address as it is kept: in lower case, and a domain in another script as DNS has it. */
export function asKept(email) {
  const typed = email.trim().toLowerCase();
  const [local, domain] = typed.split(/@(?=[^@]*$)/);
  const isForeign = domain && !/^[\w.-]*$/.test(domain) && URL.canParse(`https://${domain}`);
  return isForeign ? `${local}@${new URL(`https://${domain}`).hostname}` : typed;
}

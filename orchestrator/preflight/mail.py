"""The checks of mail: without a verified sender no user pool is made, and in the sandbox no stranger is mailed."""

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.preflight.context import Context, at, unread
from orchestrator.preflight.findings import Finding, Status, used
from orchestrator.preflight.quotas import Limit
from orchestrator.preflight.readings import Mail, Unread, identity_name

OF_MAIL = ("mail-sandbox", "mail-sending", "mail-quota")
"""The checks that rest on one reading."""
HEALTHY, SHUTDOWN = "HEALTHY", "SHUTDOWN"


def sender(context: Context) -> Iterator[Finding]:
    """The identity that user pools send by, in every Region: Cognito makes none whose sender is not verified."""
    for of in context.readings.regions:
        found = replace(
            at("sender-identity", of.region),
            says="the sender's identity is verified",
            do=f"Verify in Amazon SES in {of.region}: {identity_name(context.settings)}",
        )
        if isinstance(of.verified, Unread):
            yield unread(found, of.verified)
        elif of.verified:
            yield found
        else:
            missing = "there is no identity of the sender" if of.verified is None else "the identity is not verified"
            yield replace(found, status="FAIL", says=missing)


def sending(context: Context) -> Iterator[Finding]:
    """Whether SES sends for the account, to whom, and how much a day."""
    for of in context.readings.regions:
        if isinstance(of.mail, Unread):
            for check in OF_MAIL:
                yield unread(at(check, of.region), of.mail)
            continue
        is_home = of is context.home
        yield _sandbox(of.mail, of.region, is_home=is_home)
        yield _enabled(of.mail, of.region)
        yield _quota(of.mail, of.region, (context.tenants_a_day or 0.0) if is_home else 0.0)


def _sandbox(mail: Mail, region: str, *, is_home: bool) -> Finding:
    """Welcome emails are sent at home; elsewhere Cognito sends those about forgotten passwords."""
    found = replace(
        at("mail-sandbox", region),
        says="out of the sandbox of Amazon SES",
        do=f"Request production access of Amazon SES in {region}; until then verify every recipient.",
    )
    if not mail.in_sandbox:
        return found
    says = "in the sandbox of Amazon SES, which mails nobody but verified recipients"
    return replace(found, status="FAIL" if is_home else "WARN", says=says)


def _enabled(mail: Mail, region: str) -> Finding:
    stopped = not mail.enabled or mail.standing == SHUTDOWN
    status: Status = "FAIL" if stopped else "OK" if mail.standing == HEALTHY else "WARN"
    says = f"sending is {'on' if mail.enabled else 'off'}, reputation {mail.standing}"
    return replace(
        at("mail-sending", region),
        status=status,
        says=says,
        do=f"See to the account's standing in the Amazon SES console in {region}.",
    )


def _quota(mail: Mail, region: str, a_day: float) -> Finding:
    """What was sent in 24 hours, or at the present rate will be: it does not pile up."""
    found = replace(
        at("mail-quota", region),
        says=f"emails in 24 hours, {mail.sent:.0f} sent",
        do="Ask in the Service Quotas console for a higher sending quota of Amazon SES.",
    )
    wanted = max(mail.sent, a_day)
    if mail.most_a_day is None:
        return replace(found, value=wanted)
    judged = used(found, wanted, Limit(mail.most_a_day, "read"), None)
    if judged.status == "FAIL" and mail.sent < mail.most_a_day:
        return replace(judged, status="WARN")
    return judged

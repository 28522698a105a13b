"""The checks of mail: without a verified sender no user pool is made, and in the sandbox no stranger is mailed."""

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.onboarding.quota_pace import tenants_a_second
from orchestrator.preflight.context import Context, at, unread
from orchestrator.preflight.findings import Finding, Status, used
from orchestrator.preflight.quotas import Limit
from orchestrator.preflight.readings import Mail, Unread, identity_name
from orchestrator.users import budgets
from orchestrator.users.sending_quota import SendingQuota

OF_MAIL = ("mail-sandbox", "mail-sending", "mail-quota")
"""The checks of each Region that rest on one reading."""
RATE = "mail-rate"
"""At home this one does, too."""
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
    """Whether SES sends for the account, to whom, how much a day and, at home, where bursts come from, a second."""
    share = context.settings.people_mail_share
    for of in context.readings.regions:
        is_home = of is context.home
        if isinstance(of.mail, Unread):
            for check in (*OF_MAIL, RATE) if is_home else OF_MAIL:
                yield unread(at(check, of.region), of.mail)
            continue
        yield _sandbox(of.mail, of.region, is_home=is_home)
        yield _enabled(of.mail, of.region)
        yield _quota(of.mail, of.region, (context.tenants_a_day or 0.0) if is_home else 0.0, share)
        if is_home:
            yield _rate(of.mail, of.region, tenants_a_second(context.settings))


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


def registration(context: Context) -> Iterator[Finding]:
    """Whether people can register, or too much of their mail bounced, or the account has sent too much."""
    counted, mail = context.readings.peoples_mail, context.home.mail
    found = replace(
        at("registration", context.home.region),
        do="Find out who asks for these emails, or what else sends; it opens by itself, as the runbook says.",
    )
    if isinstance(counted, Unread):
        yield unread(found, counted)
        return
    quota = None if isinstance(mail, Unread) else SendingQuota(mail.most_a_day, mail.sent)
    if why := budgets.closed_by(quota, counted):
        yield replace(found, status="WARN", value=counted[budgets.BOUNCED], says=f"registration is closed: {why}")
    else:
        mailed = counted[budgets.ASKED] + counted[budgets.RESETS] + counted[budgets.INVITED]
        yield replace(found, value=mailed, says=f"emails to people today, {counted[budgets.BOUNCED]} bounced")


def _quota(mail: Mail, region: str, a_day: float, share: float) -> Finding:
    """What was sent in 24 hours, or at the present rate will be: it does not pile up.

    A day's tenants are also held against what is left of the quota if people's mail uses its share up.
    """
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
    left = mail.most_a_day * (1 - share)
    if judged.status == "OK" and a_day > left:
        says = f"{judged.says}; people's mail may use up {share:.0%}, and {left:.0f} are fewer than a day's tenants"
        return replace(judged, status="WARN", says=says, do=f"{judged.do} Or lower peopleMailShare and deploy.")
    return judged


def _rate(mail: Mail, region: str, a_second: float) -> Finding:
    """Whether a burst's emails can leave as fast as its tenants start; SES throttles what is more."""
    found = replace(
        at(RATE, region),
        value=a_second,
        limit=mail.most_a_second,
        says="emails a second that a burst of tenants may want",
        do="Ask in the Service Quotas console for a higher sending rate of Amazon SES, or lower quotaShare and deploy.",
    )
    if mail.most_a_second is None:
        return unread(found, Unread("ses:GetAccount has no rate", "Look at the account dashboard of Amazon SES."))
    if mail.most_a_second >= a_second:
        return found
    return replace(found, status="WARN", says=f"{found.says}; SES throttles more, and they are tried again, later")

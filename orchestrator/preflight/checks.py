"""The checks: what the readings mean for onboarding. They ask nobody: each makes findings of readings."""

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.identity import last_convergence, shared_pool_capacity, shared_pools
from orchestrator.identity.rate_quotas import IN_A_USER_POOL
from orchestrator.onboarding.quota_pace import CALLS_A_SECOND
from orchestrator.preflight import mail, quotas
from orchestrator.preflight.context import Check, Context, at, unread
from orchestrator.preflight.findings import NEARLY_USED_PERCENT, Finding, Status, doubted, used
from orchestrator.preflight.quotas import Limit, Quota
from orchestrator.preflight.readings import Unread
from orchestrator.tenants import lifecycle
from orchestrator.tenants.commands import command
from tenant_onboarding.contracts.fields import TIERS

WANTED_AT_ONCE = 50
"""An estimate: at its fastest pace, 13 tenants a second of about three seconds of Lambda each, and who looks on."""
RAISE = "Ask for more in the Service Quotas console, in this Region."

Findings = Iterator[Finding]


def arrivals(context: Context) -> Findings:
    """The present rate itself, by which the others forecast."""
    came = context.readings.arrivals
    found = at("arrivals", context.home.region)
    if isinstance(came, Unread):
        yield unread(found, came)
        return
    rates = ", ".join(f"{came.a_day[tier]:.1f} {tier}" for tier in TIERS)
    windows = " and ".join(f"{sum(rate.values()):.1f} over {days} days" for days, rate in came.by_window.items())
    yield replace(found, value=came.tenants_a_day, says=f"tenants a day: {rates}; {windows}")


def user_pools(context: Context) -> Findings:
    """Room for user pools, in every Region; the forecast of each counts silo tenants as if all came there."""
    for of in context.readings.regions:
        found = replace(at("user-pools", of.region), do=f"{RAISE} Up to 10,000 user pools can be had.")
        pools = of.user_pools
        if isinstance(pools, Unread):
            yield unread(found, pools)
            continue
        silos = None if context.a_day is None else context.a_day["silo"]
        rate = context.user_pools_a_day if of is context.home else silos
        says = "user pools of the account" if pools.all_counted else "user pools at least; there are more"
        limit = of.limits[quotas.USER_POOLS]
        yield used(replace(found, says=says), pools.number, limit, rate, at_least=not pools.all_counted)


def shared_user_pools(context: Context) -> Findings:
    """Room in the shared user pools that are open; capacity opens the next, so one that is full stops nobody."""
    settings, rows = context.settings, context.readings.rows
    found = replace(
        at("shared-user-pools", context.home.region),
        do=f"Look into the log of capacity, which should have opened the next one; see: {command('pools')}",
    )
    if isinstance(rows, Unread):
        yield unread(found, rows)
        return
    if not rows:
        yield replace(found, says="none yet; the first tenant that needs one opens it")
        return
    opened = [row for row in rows if row["status"] == shared_pools.OPEN]
    opening = shared_pools.next_opening(rows)
    is_helped = any(shared_pools.has_room(settings, row, shared_pools.Demand()) for row in opened) or (
        opening is not None and shared_pools.being_opened(opening)
    )
    roomy = len(shared_pool_capacity.with_room(settings, rows))
    status: Status = "OK" if roomy >= settings.open_shards else "WARN" if is_helped else "FAIL"
    says = f"{len(opened)} open, {roomy} of them below {shared_pool_capacity.NEARLY_FULL} % on every counter"
    yield replace(found, status=status, says=says, value=settings.open_shards, limit=roomy)


def limits_per_user_pool(context: Context) -> Findings:
    """The limits that the deployment chose for shared user pools, held against the account's quotas."""
    chosen = {
        "app-clients-per-pool": ("appClients", "appClientsPerPool", quotas.APP_CLIENTS),
        "identity-providers-per-pool": ("identityProviders", "identityProvidersPerPool", quotas.IDENTITY_PROVIDERS),
    }
    for check, (counter, key, quota) in chosen.items():
        limit, wanted = context.home.limits[quota], shared_pools.limits(context.settings)[counter]
        found = replace(
            at(check, context.home.region),
            value=wanted,
            limit=limit.value,
            says=f"{key} beside the quota",
            do=f"Lower {key} to the quota and deploy, or have the quota raised first: tenants beyond it fail.",
        )
        if wanted > limit.value:
            status: Status = "FAIL" if context.fullest(counter) >= NEARLY_USED_PERCENT / 100 * limit.value else "WARN"
            found = replace(found, status=status)
        yield doubted(found, limit)


def rate_quotas(context: Context) -> Findings:
    """The rates that intake paces itself by, held against the account's."""
    share = context.settings.quota_share
    paced: dict[str, tuple[float, Quota]] = {
        "cognito-calls": (CALLS_A_SECOND, quotas.CALLS),
        "cognito-calls-in-a-pool": (IN_A_USER_POOL, quotas.CALLS_IN_A_USER_POOL),
    }
    for check, (rate, quota) in paced.items():
        limit = context.home.limits[quota]
        found = replace(
            at(check, context.home.region),
            status="WARN" if share * rate > limit.value else "OK",
            value=share * rate,
            limit=limit.value,
            says="calls a second that intake lets onboardings make",
            do="Lower quotaShare and deploy, lest bursts of tenants are throttled.",
        )
        yield doubted(found, limit)


def parameters(context: Context) -> Findings:
    """Room for SSM parameters; of those in the account only the tenants' own are known."""
    tenants = context.readings.tenants
    found = replace(
        at("parameters", context.home.region),
        says="parameters of tenants; others of the account are not counted",
        do="Put parameters that nobody reads away, or spread tenants over accounts; onboarding itself goes on.",
    )
    if isinstance(tenants, Unread):
        yield unread(found, tenants)
        return
    number = sum(tenants[f"{status}#{tier}"] for status in lifecycle.LIVE for tier in TIERS)
    limit = Limit.assumed(quotas.PARAMETERS, "no API tells it")
    yield used(found, number, limit, context.tenants_a_day)


def functions_at_once(context: Context) -> Findings:
    """How many functions may run at a time; new accounts may run a few only."""
    found = replace(
        at("lambda-concurrency", context.home.region),
        value=WANTED_AT_ONCE,
        says="functions at a time that a burst of tenants may want",
        do="Ask in the Service Quotas console for more concurrent executions of AWS Lambda; until then, bursts are"
        " slower.",
    )
    limit = context.readings.at_once
    if isinstance(limit, Unread):
        yield unread(found, limit)
        return
    status: Status = "OK" if limit >= WANTED_AT_ONCE else "WARN" if limit > 0 else "FAIL"
    yield replace(found, status=status, limit=limit)


def trigger(context: Context) -> Findings:
    """What issues tokens, in every Region where tenants may have their user pool."""
    for of in context.readings.regions:
        stack = context.settings.stack_name if of is context.home else REGIONAL_STACK_NAME
        found = replace(
            at("trigger", of.region),
            says="the trigger of user pools is there",
            do=f"Deploy {stack} in {of.region}: user pools without the trigger issue no token.",
        )
        if isinstance(of.has_trigger, Unread):
            yield unread(found, of.has_trigger)
        elif of.has_trigger:
            yield found
        else:
            yield replace(found, status="FAIL", says="the trigger of user pools is not there")


def lagging(context: Context) -> Findings:
    """How much of what converges is not as this release and its settings want it, by the last look."""
    last, rows, tenants = context.readings.converged, context.readings.rows, context.readings.tenants
    found = replace(
        at("lagging", context.home.region),
        do=f"Bring them up to date: {command('converge')}",
    )
    if isinstance(last, Unread):
        yield unread(found, last)
    elif last is None and isinstance(rows, Unread):
        yield unread(found, rows)
    elif last is None:
        is_empty = not (rows or isinstance(tenants, Unread) or any(+tenants))
        says = "there is nothing yet" if is_empty else "unknown until the first convergence"
        yield replace(found, status="OK" if is_empty else "UNKNOWN", says=says)
    else:
        counted, when = last["counted"], last["endedAt"][:10]
        if last["wishes"] != last_convergence.wishes(context.settings):
            says, number = f"at most, as release or settings have changed since {when}", sum(counted.values())
        else:
            says, number = f"failed or were left at the convergence of {when}", counted["failed"] + counted["left"]
        status: Status = "WARN" if number else "OK"
        yield replace(found, status=status, value=int(number), says=f"user pools, app clients and admins {says}")


def open_tenants(context: Context) -> Findings:
    """Whether something stands before the registration of tenants with which anybody may register."""
    number, declared = context.readings.open_tenants, context.settings.open_sign_up
    found = replace(
        at("open-sign-up", context.home.region),
        do="Put a captcha or a firewall before every way to AccountApiUrl,"
        " declare it by the setting openSignUp, then deploy.",
    )
    if isinstance(number, Unread):
        yield unread(found, number)
    elif not number:
        yield replace(found, value=0, says="no tenant is OPEN")
    elif declared:
        yield replace(found, value=number, says=f"tenants are OPEN; openSignUp declares a {declared}, unchecked")
    else:
        yield replace(found, status="FAIL", value=number, says="tenants are OPEN, and no protection is declared")


def alarms(context: Context) -> Findings:
    """Whether anybody hears of alarms."""
    found = replace(
        at("alarm-listeners", context.home.region),
        do="Subscribe somebody to the topic of the output AlarmTopicArn, and confirm the email that SNS sends.",
    )
    listeners = context.readings.listeners
    if isinstance(listeners, Unread):
        yield unread(found, listeners)
    elif listeners is None:
        yield replace(found, status="WARN", says="there are no alarms", do="Deploy with alarms=true.")
    elif not listeners:
        yield replace(found, status="WARN", value=0, says="nobody has confirmed a subscription to the alarms")
    else:
        yield replace(found, value=listeners, says="confirmed subscriptions to the alarms")


CHECKS: tuple[Check, ...] = (
    arrivals,
    mail.sender,
    mail.sending,
    mail.registration,
    user_pools,
    shared_user_pools,
    limits_per_user_pool,
    rate_quotas,
    functions_at_once,
    parameters,
    trigger,
    lagging,
    open_tenants,
    alarms,
)

/** One tenant: what failed and what to do next, its steps as a timeline, and what was made for it. */
import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import { toRejections, toTenants } from "../place.js";
import { EMAIL_STATUSES, STEP_STATUSES, badge, canRetry, count, duration, lastMoment, secondsBetween, time } from "../words.js";

const RESOURCES = {
  region: "Region",
  userPoolId: "User pool",
  appClientId: "App client",
  groupName: "Group",
  issuer: "Issuer",
  adminUsername: "Admin's user name",
  domain: "Sign-in domain",
  identityProviders: "Identity providers",
};
const CONSOLES = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};
const EXECUTION = /^arn:(aws|aws-cn|aws-us-gov):states:([a-z0-9-]+):\d{12}:execution:[\w-]+:[\w-]+$/;

export function tenantView({ tenant, user, actions }) {
  return html`
    <p class="back"><a href=${toTenants()}>← All tenants</a></p>
    <div class="bar">
      <div>
        <h1 tabindex="-1">${tenant.tenantId}</h1>
        <p class="name" dir="auto">${tenant.tenantName}</p>
      </div>
      ${badge(tenant.status)} ${user.isOperator ? buttons(tenant, actions) : nothing}
    </div>
    ${tenant.failure ? failure(tenant.failure) : nothing}
    <div class="columns wide-facts">
      <section aria-labelledby="steps-title">
        <h2 id="steps-title">Steps</h2>
        ${timeline(tenant)}
      </section>
      <aside aria-label="Facts">
        ${tenant.warnings?.length ? warnings(tenant.warnings) : nothing}
        ${facts(tenant)} ${tenant.welcomeEmail ? welcomeEmail(tenant.welcomeEmail) : nothing}
        ${resources(tenant.resources)} ${metadata(Object.entries(tenant.metadata ?? {}))}
      </aside>
    </div>
  `;
}

export function noSuchTenant(tenantId) {
  return html`
    <p class="back"><a href=${toTenants()}>← All tenants</a></p>
    <h1 tabindex="-1">${tenantId}</h1>
    <p class="empty">There is no such tenant. An event that was rejected makes none:
      <a href=${toRejections}>rejected events</a></p>
  `;
}

function buttons(tenant, { askRetry, askResend }) {
  return html`<p class="acts">
    ${canRetry(tenant)
      ? html`<button type="button" class="main" @click=${() => askRetry(tenant)}>Retry</button>`
      : nothing}
    ${tenant.commands?.includes("resend-welcome")
      ? html`<button type="button" @click=${() => askResend(tenant)}>Resend the welcome email</button>`
      : nothing}
  </p>`;
}

function failure({ step, error, message, nextAction }) {
  return html`<section class="failure" aria-labelledby="failure-title">
    <h2 id="failure-title">Failed at ${step}</h2>
    <dl>
      <div><dt>Error</dt><dd>${error}</dd></div>
      <div><dt>Why</dt><dd>${message}</dd></div>
      <div><dt>What next</dt><dd>${nextAction}</dd></div>
    </dl>
  </section>`;
}

function timeline(tenant) {
  const since = new Date(tenant.requestedAt);
  const span = Math.max(1, new Date(lastMoment(tenant)) - since);
  const part = (moment) => Math.min(1, Math.max(0, (new Date(moment) - since) / span));
  return html`<ol class="timeline">
    ${tenant.steps.map(
      (step) => html`<li data-status=${step.status}>
        <p class="head"><strong>${step.name}</strong> ${badge(step.status, STEP_STATUSES[step.status])}</p>
        <p class="when">${took(step)}</p>
        ${step.startedAt ? stretch(part(step.startedAt), part(step.finishedAt ?? lastMoment(tenant))) : nothing}
        ${step.error && step.status !== "DONE"
          ? html`<p class="why"><span class="error">${step.error.error}</span> ${step.error.message}</p>`
          : nothing}
      </li>`,
    )}
  </ol>`;
}

/** Where a step lies between the event and the end. */
function stretch(from, until) {
  if (!Number.isFinite(until - from)) return nothing;
  const wide = Math.max(0.5, (until - from) * 100);
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
    <rect class="space" width="100" height="4"></rect>
    ${svg`<rect x=${Math.min(from * 100, 100 - wide)} width=${wide} height="4"></rect>`}
  </svg>`;
}

function took({ status, startedAt, finishedAt, durationSeconds, attempts, error }) {
  if (!startedAt) return nothing;
  const tries = attempts > 1 ? html` · <b>${count(attempts, "try", "tries")}</b>` : nothing;
  if (status === "DONE") return html`${duration(durationSeconds)} · ${time(finishedAt)}${tries}`;
  const waits = status === "RUNNING" && error ? " · waits for its next try" : "";
  return html`begun ${time(startedAt)}${tries}${waits}`;
}

function facts(tenant) {
  const { tier, attempt, requestedAt, updatedAt, completedAt, status } = tenant;
  return html`<section class="figure-box">
    <h2>Onboarding</h2>
    <dl class="pairs">
      ${pair("Tier", tier)} ${pair("Host", tenant.routing.host)}
      ${tenant.routing.tenantCode ? pair("Tenant code", tenant.routing.tenantCode) : nothing} ${pair("Attempt", attempt)} ${pair("Requested", time(requestedAt))}
      ${pair("Changed", time(updatedAt))} ${completedAt ? pair("Completed", time(completedAt)) : nothing}
      ${pair(status === "FAILED" ? "Failed after" : "Took", duration(secondsBetween(requestedAt, lastMoment(tenant))))}
      ${pair("Execution", execution(tenant.executionArn))}
    </dl>
  </section>`;
}

/** What is odd about the tenant's event, though it was accepted. */
function warnings(found) {
  return html`<section class="figure-box">
    <h2>Warnings</h2>
    <dl class="pairs">
      ${found.map(({ field, message }) => pair(field, message))}
    </dl>
  </section>`;
}

function welcomeEmail({ status, at, reason, passwordExpiresAt, nextAction }) {
  return html`<section class="figure-box">
    <h2>Welcome email</h2>
    <dl class="pairs">
      ${pair("Status", badge(status, EMAIL_STATUSES[status]))} ${pair("Since", time(at))}
      ${passwordExpiresAt ? pair("Its password ends", time(passwordExpiresAt)) : nothing}
      ${reason ? pair("Reason", reason) : nothing} ${nextAction ? pair("What next", nextAction) : nothing}
    </dl>
  </section>`;
}

function execution(arn) {
  const [, partition, region] = EXECUTION.exec(arn ?? "") ?? [];
  if (!region) return arn ?? "–";
  const address = `https://${region}.${CONSOLES[partition]}/states/home?region=${region}#/v2/executions/details/${arn}`;
  return html`<a href=${address} target="_blank" rel="noopener noreferrer">in the AWS console ↗</a>`;
}

function resources(found) {
  const made = Object.entries(RESOURCES).filter(([name]) => found[name]?.length);
  return html`<section class="figure-box">
    <h2>Made for it</h2>
    ${made.length
      ? html`<dl class="pairs">
          ${made.map(([name, words]) => pair(words, [found[name]].flat().join(", ")))}
        </dl>`
      : html`<p class="empty">Nothing yet.</p>`}
  </section>`;
}

function metadata(pairs) {
  if (!pairs.length) return nothing;
  return html`<section class="figure-box">
    <h2>Metadata</h2>
    <dl class="pairs">${pairs.map(([key, value]) => pair(key, html`<span dir="auto">${value}</span>`))}</dl>
  </section>`;
}

function pair(words, value) {
  return html`<div><dt>${words}</dt><dd>${value}</dd></div>`;
}

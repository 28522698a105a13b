/** One tenant: what failed and what to do next, its steps as a timeline, and what was made for it. */
import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import { toRejections, toTenants } from "../place.js";
import { copyable, copyButton, parted } from "./copying.js";
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
  const needsEmail = Boolean(tenant.welcomeEmail?.nextAction);
  const mayResend = user.isOperator && Boolean(tenant.commands?.includes("resend-welcome"));
  return html`
    <p class="back"><a href=${toTenants()}>← All tenants</a></p>
    <div class="bar">
      <div>
        <div class="named"><h1 tabindex="-1">${tenant.tenantId}</h1>${copyButton(tenant.tenantId, "the tenant id", actions)}</div>
        <p class="name" dir="auto">${tenant.tenantName}</p>
      </div>
      ${badge(tenant.status)}
      ${mayResend && !needsEmail ? html`<p class="acts">${resendButton(tenant, actions)}</p>` : nothing}
    </div>
    ${tenant.failure ? failure(tenant, user, actions) : nothing}
    ${needsEmail ? welcomeEmail(tenant, mayResend, actions) : nothing}
    <div class="columns wide-facts">
      <section aria-labelledby="steps-title">
        <h2 id="steps-title">Steps</h2>
        ${timeline(tenant)}
      </section>
      <aside aria-label="Facts">
        ${tenant.warnings?.length ? warnings(tenant.warnings) : nothing}
        ${facts(tenant, actions)} ${tenant.welcomeEmail && !needsEmail ? welcomeEmail(tenant, false, actions) : nothing}
        ${routing(tenant.routing, actions)} ${resources(tenant.resources, actions)}
        ${acts(tenant.actions ?? [])} ${metadata(Object.entries(tenant.metadata ?? {}), actions)}
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

function resendButton(tenant, { askResend }) {
  return html`<button type="button" @click=${() => askResend(tenant)}>Resend the welcome email</button>`;
}

function failure(tenant, user, actions) {
  const { step, error, message, nextAction, redo } = tenant.failure;
  const retry = redo ? `Retry, with ${redo} again` : "Retry";
  const button = html`<button type="button" class="main" @click=${() => actions.askRetry(tenant)}>${retry}</button>`;
  return html`<section class="failure" aria-labelledby="failure-title">
    <h2 id="failure-title">Failed at ${step}</h2>
    <dl>
      <div><dt>Error</dt><dd>${error}</dd></div>
      <div><dt>Why</dt><dd>${message}</dd></div>
      <div><dt>What next</dt><dd>${advice(nextAction, user.isOperator && canRetry(tenant) ? button : nothing, actions)}</dd></div>
    </dl>
  </section>`;
}

/** What to do next: in words, by a button where the API can do it, and as the command that does it. */
function advice(text, button, actions) {
  const { words, command } = parted(text);
  if (!command && button === nothing) return words;
  return html`<p>${words}</p>
    <p class="advice">${button} ${command ? copyable(command, "the command", actions) : nothing}</p>`;
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

function facts(tenant, actions) {
  const { tier, attempt, requestedAt, updatedAt, completedAt, status } = tenant;
  return html`<section class="figure-box">
    <h2>Onboarding</h2>
    <dl class="pairs">
      ${pair("Tier", tier)} ${pair("Attempt", attempt)} ${pair("Requested", time(requestedAt))}
      ${pair("Changed", time(updatedAt))} ${completedAt ? pair("Completed", time(completedAt)) : nothing}
      ${pair(status === "FAILED" ? "Failed after" : "Took", duration(secondsBetween(requestedAt, lastMoment(tenant))))}
      ${pair("Execution", execution(tenant.executionArn, actions))}
    </dl>
  </section>`;
}

/** By what the tenant's people find it. */
function routing({ host, tenantCode, emailDomains }, actions) {
  return html`<section class="figure-box">
    <h2>What leads to it</h2>
    <dl class="pairs">
      ${pair("Host", copyable(host, "the host", actions))}
      ${tenantCode ? pair("Tenant code", copyable(tenantCode, "the tenant code", actions)) : nothing}
      ${emailDomains.length ? pair("Email domains", several(emailDomains, "the email domain", actions)) : nothing}
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

function welcomeEmail(tenant, mayResend, actions) {
  const { status, at, reason, passwordExpiresAt, nextAction } = tenant.welcomeEmail;
  return html`<section class=${nextAction ? "failure" : "figure-box"}>
    <h2>Welcome email</h2>
    <dl class="pairs">
      ${pair("Status", badge(status, EMAIL_STATUSES[status]))} ${pair("Since", time(at))}
      ${passwordExpiresAt ? pair("Its password ends", time(passwordExpiresAt)) : nothing}
      ${reason ? pair("Reason", reason) : nothing}
      ${nextAction ? pair("What next", advice(nextAction, mayResend ? resendButton(tenant, actions) : nothing, actions)) : nothing}
    </dl>
  </section>`;
}

function execution(arn, actions) {
  if (!arn) return "–";
  const [, partition, region] = EXECUTION.exec(arn) ?? [];
  const address = `https://${region}.${CONSOLES[partition]}/states/home?region=${region}#/v2/executions/details/${arn}`;
  const link = html`<a href=${address} target="_blank" rel="noopener noreferrer">in the AWS console ↗</a>`;
  return html`${region ? link : nothing} ${copyable(arn, "the ARN of the execution", actions)}`;
}

function resources(found, actions) {
  const made = Object.entries(RESOURCES).filter(([name]) => found[name]?.length);
  return html`<section class="figure-box">
    <h2>Made for it</h2>
    ${made.length
      ? html`<dl class="pairs">
          ${made.map(([name, words]) => pair(words, name === "region" ? found[name] : several([found[name]].flat(), words, actions)))}
        </dl>`
      : html`<p class="empty">Nothing yet.</p>`}
  </section>`;
}

function metadata(pairs, actions) {
  if (!pairs.length) return nothing;
  return html`<section class="figure-box">
    <h2>Metadata</h2>
    <dl class="pairs">${pairs.map(([key, value]) => pair(key, copyable(value, key, actions)))}</dl>
  </section>`;
}

/** What was done to it, by whom and after which failure, the last act first. */
function acts(found) {
  if (!found.length) return nothing;
  return html`<section class="figure-box">
    <h2>What was done</h2>
    <ul class="acts-done">
      ${found.toReversed().map(({ at, by, what, attempt, after }) => html`<li>
        <p class="head"><strong>${what}</strong> ${time(at)} <span class="when">attempt ${attempt}</span></p>
        ${by ? html`<p class="when">by <code>${by}</code></p>` : nothing}
        ${after ? html`<p class="when">after ${after.step} <span class="error">${after.error}</span></p>` : nothing}
      </li>`)}
    </ul>
  </section>`;
}

function several(texts, what, actions) {
  return texts.map((each) => copyable(each, what, actions));
}

function pair(words, value) {
  return html`<div><dt>${words}</dt><dd>${value}</dd></div>`;
}

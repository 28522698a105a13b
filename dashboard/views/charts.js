/** Figures as pictures; each says in words what it draws. */
import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import { count, duration, hour, number } from "../words.js";

const COUNTERS = { groups: "groups", appClients: "app clients", identityProviders: "identity providers" };
const MOST_FAILURES = 8;
const MOST_POOLS = 4;
const WIDTH = 240;
const HEIGHT = 64;

export function failures({ failures: found }) {
  const most = Math.max(...found.map((each) => each.tenants));
  return figure(
    "Failures by step",
    found.length
      ? html`<ul class="bars">
          ${found.slice(0, MOST_FAILURES).map(
            ({ step, error, tenants }) => html`<li>
              <span>${step} <span class="error">${error}</span></span><span class="figure">${number(tenants)}</span>
              ${bar(tenants / most, "FAILED")}
            </li>`,
          )}
          ${found.length > MOST_FAILURES ? html`<li>and ${found.length - MOST_FAILURES} other kinds</li>` : nothing}
        </ul>`
      : html`<p class="empty">None.</p>`,
  );
}

export function completions({ completions: hours }) {
  const most = Math.max(1, ...hours.map((each) => each.tenants));
  const total = hours.reduce((sum, each) => sum + each.tenants, 0);
  const wide = WIDTH / hours.length;
  const since = hour(hours[0].hour);
  const words = `${count(total, "tenant")} completed since ${since}, ${number(most)} at most in an hour`;
  return figure(
    "Completions by hour",
    html`<svg class="columns-chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${words}>
        ${hours.map(({ hour: moment, tenants }, index) => {
          const high = tenants ? Math.max(2, (tenants / most) * HEIGHT) : 0;
          return svg`<g><title>${hour(moment)} (${moment.slice(11, 16)} UTC): ${number(tenants)}</title>
            <rect class="space" x=${index * wide} y="0" width=${wide} height=${HEIGHT}></rect>
            <rect x=${index * wide + 1} y=${HEIGHT - high} width=${wide - 2} height=${high}></rect></g>`;
        })}
      </svg>
      <p class="axis"><span>${since}</span><span>${count(total, "tenant")}</span><span>now</span></p>
      <table class="unseen">
        <caption>Completions by hour</caption>
        <tbody>${hours.map((each) => html`<tr><th scope="row">${hour(each.hour)}</th><td>${each.tenants}</td></tr>`)}</tbody>
      </table>`,
  );
}

export function capacity({ sharedPools }) {
  const fullest = sharedPools.toSorted((one, other) => other.percent - one.percent).slice(0, MOST_POOLS);
  return figure(
    "Shared user pools",
    sharedPools.length
      ? html`${fullest.map(
          (pool) => html`<h3>${pool.poolKey} <span class="name" dir="auto">${pool.region} · ${pool.status}</span></h3>
            <ul class="bars">
              ${Object.entries(COUNTERS).map(([name, words]) => fill(words, pool.counters[name]))}
            </ul>`,
        )}
        ${sharedPools.length > MOST_POOLS ? html`<p>and ${sharedPools.length - MOST_POOLS} less full</p>` : nothing}`
      : html`<p class="empty">None is open yet.</p>`,
  );
}

function fill(words, { count: used, limit, percent }) {
  const state = percent >= 90 ? "FAILED" : percent >= 70 ? "PENDING" : "COMPLETED";
  return html`<li>
    <span>${words}</span><span class="figure">${number(used)} of ${number(limit)} · ${percent} %</span>
    ${bar(percent / 100, state)}
  </li>`;
}

export function durations({ durations: { tenants, p50Seconds, p95Seconds, maxSeconds } }) {
  return figure(
    `From event to completion${tenants ? `, the last ${number(tenants)}` : ""}`,
    tenants
      ? html`<dl class="facts">
          <div><dt>median</dt><dd>${duration(p50Seconds)}</dd></div>
          <div><dt>95 %</dt><dd>${duration(p95Seconds)}</dd></div>
          <div><dt>longest</dt><dd>${duration(maxSeconds)}</dd></div>
        </dl>`
      : html`<p class="empty">None was completed yet.</p>`,
  );
}

function figure(title, content) {
  return html`<section class="figure-box"><h2 class="small">${title}</h2>${content}</section>`;
}

function bar(part, status) {
  const wide = part > 0 ? Math.max(1, Math.min(100, part * 100)) : 0;
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" data-status=${status}>
    <rect class="space" width="100" height="4"></rect><rect width=${wide} height="4"></rect>
  </svg>`;
}

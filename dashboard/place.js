/**
 * Where in the page one is, by the address's fragment: `#/?status=FAILED`, `#/tenants/acme`, `#/rejections`,
 * `#/rejections/EVENT_ID`.
 */
import { STATUSES, TIERS } from "./words.js";

const FILTERS = ["search", "status", "tier"];
const TENANT_ID = /^[a-z0-9-]{2,40}$/;
const NOBODYS = ["summary"]; // the API has something else there

/** The place of the address; what the address may not say is left out. */
export function here() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const [, view = "", tenantId = ""] = path.split("/");
  if (view === "tenants" && tenantId) {
    const isPossible = TENANT_ID.test(tenantId) && !NOBODYS.includes(tenantId);
    return { view: "tenant", tenantId: decoded(tenantId), isPossible };
  }
  if (view === "rejections") return rejections(decoded(tenantId), new URLSearchParams(query));
  const given = new URLSearchParams(query);
  const known = (name, values) => (values.includes(given.get(name)) ? given.get(name) : "");
  const filters = {
    search: given.get("search") ?? "",
    status: known("status", Object.keys(STATUSES)),
    tier: known("tier", TIERS),
  };
  return { view: "tenants", filters };
}

function rejections(eventId, query) {
  return eventId ? { view: "rejection", eventId, tenantId: query.get("tenant") ?? "" } : { view: "rejections" };
}

export const toRejections = "#/rejections";

export function toRejection({ eventId, tenantId }) {
  const named = tenantId ? `?${new URLSearchParams({ tenant: tenantId })}` : "";
  return `${toRejections}/${encodeURIComponent(eventId)}${named}`;
}

export function toTenant(tenantId) {
  return `#/tenants/${encodeURIComponent(tenantId)}`;
}

export function toTenants(filters = {}) {
  const given = FILTERS.filter((name) => filters[name]).map((name) => [name, filters[name]]);
  return given.length ? `#/?${new URLSearchParams(given)}` : "#/";
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not made by this page
  }
}

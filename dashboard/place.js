/** Where in the page one is, by the address's fragment: `#/?status=FAILED`, `#/tenants/acme`, `#/rejections`. */
const FILTERS = ["search", "status", "tier"];

export function here() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const [, view = "", tenantId = ""] = path.split("/");
  if (view === "tenants" && tenantId) return { view: "tenant", tenantId: decoded(tenantId) };
  if (view === "rejections") return { view: "rejections" };
  const given = new URLSearchParams(query);
  return { view: "tenants", filters: Object.fromEntries(FILTERS.map((name) => [name, given.get(name) ?? ""])) };
}

export const toRejections = "#/rejections";

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

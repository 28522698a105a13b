// node ajv.mjs AJV < {"schemas": {NAME: SCHEMA}, "events": [EVENT…]}: compiles each schema with Ajv's defaults, and says
// of each event whether TenantCreated lets it through: {"valid": [true…], "warnings": […]}. An event is JSON as text.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const Ajv = createRequire(import.meta.url)(`${process.argv[2]}/dist/2020`).default;
const warnings = [];
for (const level of ["warn", "error"]) console[level] = (...words) => warnings.push(words.join(" "));

const { schemas, events } = JSON.parse(await text(process.stdin));
const compiled = Object.entries(schemas).map(([name, schema]) => [name, new Ajv().compile(schema)]);
const { TenantCreated } = Object.fromEntries(compiled);
const valid = events.map((event) => TenantCreated(JSON.parse(event)));
process.stdout.write(JSON.stringify({ valid, warnings }));

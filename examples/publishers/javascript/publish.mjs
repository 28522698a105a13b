// Publishes TenantCreated with the AWS SDK for JavaScript: node publish.mjs BUS SOURCE DETAIL.json...
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";

const MOST_ENTRIES = 10;
const ATTEMPTS = 5;

/** Puts an event for each detail on the bus and returns their ids; throws an Error naming who is not there.
 *
 * PutEvents answers with success though it took no entry, so each answer is looked at.
 */
export async function publish(client, bus, source, details) {
  const eventIds = new Map();
  let left = details.map((_, place) => place);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt) await pause(Math.random() * 50 * 2 ** attempt);
    for (let start = 0; start < left.length; start += MOST_ENTRIES) {
      const batch = left.slice(start, start + MOST_ENTRIES);
      const Entries = batch.map((place) => ({
        EventBusName: bus,
        Source: source,
        DetailType: "TenantCreated",
        Detail: JSON.stringify(details[place]),
      }));
      const answer = await client.send(new PutEventsCommand({ Entries }));
      answer.Entries.forEach(({ EventId }, index) => EventId && eventIds.set(batch[index], EventId));
    }
    left = left.filter((place) => !eventIds.has(place));
    if (!left.length) return details.map((_, place) => eventIds.get(place));
  }
  throw new Error(`not sent: ${left.map((place) => details[place].tenantId).join(", ")}`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [bus, source, ...files] = process.argv.slice(2);
  const details = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, "utf8"))));
  (await publish(new EventBridgeClient({}), bus, source, details)).forEach((eventId) => console.log(eventId));
}

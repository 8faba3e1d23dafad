// Alerts of a real run: a condition arises, fires once, is a row and a message, and is over.
import { expect, test } from "bun:test";
import { type Place, idle, swarmPlaces } from "../agents/swarm-place.ts";
import { jsonLines } from "../end-to-end/json.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();

interface Row {
  id: number;
  rule: string;
  subject: string;
  state: string;
  fired_at: number;
}

/** Settings of a home in which alerts are looked for often, and rest for no time. */
const often = (more: string, sections = "") =>
  `[agents]\nstop_grace = "200ms"\n${sections}\n[alerts]\nevaluate_every = "50ms"\n${more}\n`;

async function alertsOf({ skep }: Place): Promise<Row[]> {
  const { stdout } = await skep(["alerts", "history", "--json"]);
  return jsonLines<Row>(stdout);
}

/** The one alert of `rule`, once it is in `state`. */
async function comes(place: Place, rule: string, subject: string, state = "firing"): Promise<void> {
  await waitUntil(`${rule} of ${subject} is ${state}`, async () => {
    const rows = await alertsOf(place);
    return rows.some((row) => row.rule === rule && row.subject === subject && row.state === state);
  });
}

/** What lies in `inbox` of what was published. */
async function toldTo({ skep }: Place, inbox: string): Promise<Row[]> {
  const { stdout } = await skep(["peek", inbox, "--max", "100"]);
  return jsonLines(stdout).map(({ body }) => JSON.parse(String(body)) as Row);
}

/** Every time that `rule` has fired about `subject`. */
async function times(place: Place, rule: string, subject: string): Promise<number> {
  return (await alertsOf(place)).filter((row) => row.rule === rule && row.subject === subject)
    .length;
}

test("what lies in an inbox for long, fills it, or is too much fires once each, and is over", async () => {
  const place = await newPlace(
    often('queue_depth_max = 3\noldest = "50ms"', "[bus]\ninbox_cap = 5"),
  );
  await place.skep(["subscribe", "alerts", "ops"]);
  await place.skep(["limits", "set", "ops", "--cap", "100"]);
  place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.skep(["pause", "a"]);
  await place.becomes("a", "paused");
  for (const body of ["1", "2", "3", "4", "5"]) await place.send("a", body);
  const rules = ["queue-depth", "oldest-unclaimed", "inbox-filling", "inbox-critical"];
  for (const rule of rules) await comes(place, rule, "a");
  await place.skep(["unpause", "a"]);
  for (const rule of rules) await comes(place, rule, "a", "resolved");
  for (const rule of rules) expect([rule, await times(place, rule, "a")]).toEqual([rule, 1]);
  // The message comes after the row.
  await waitUntil("each was told when it began and when it was over", async () => {
    const told = await toldTo(place, "ops");
    return rules.every(
      (name) =>
        told
          .filter(({ rule, subject }) => rule === name && subject === "a")
          .map(({ state }) => state)
          .join() === "firing,resolved",
    );
  });
  await place.skep(["down"]);
});

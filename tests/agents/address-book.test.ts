// What a topology says, on a real bus: who reaches whom, and that a swarm goes on when a coordinator is lost.
import { expect, test } from "bun:test";
import type { Member } from "../../src/agents/teams.ts";
import { heirOf, workersOf } from "../../src/agents/teams.ts";
import { type Arrangement, afterHandover, arrange } from "../../src/agents/topology.ts";
import type { Bus } from "../../src/bus/bus.ts";
import { countUnsettled, handover } from "../../src/bus/handover.ts";
import { conservation } from "../../src/bus/inboxes.ts";
import { setRoutes } from "../../src/bus/routes.ts";
import { put, take, texts } from "../bus/verbs.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { coordinators, lead, workers } from "./members.ts";

const { handBus } = tempBuses();

async function swarmBus({ routes }: Arrangement) {
  const bus = await handBus();
  await bus.store.write((tx) => setRoutes(tx, routes));
  return bus;
}

/** Whom of `members` each of them reaches by name. */
async function reached(bus: Bus, members: readonly Member[]): Promise<Record<string, string>> {
  const book: Record<string, string> = {};
  for (const { name } of members) {
    const taken: string[] = [];
    for (const other of members)
      if (await put(bus, other.name, "", { from: name }).catch(() => false)) taken.push(other.name);
    book[name] = taken.join(" ");
  }
  return book;
}

test("in a mesh everybody reaches everybody", async () => {
  const members = workers(3);
  const bus = await swarmBus(arrange(members, "mesh"));
  const all = "w-1 w-2 w-3";
  expect(await reached(bus, members)).toEqual({ "w-1": all, "w-2": all, "w-3": all });
});

const members = [...coordinators(2), ...workers(3)];

test("in a hierarchy a worker reaches its coordinator, and a coordinator its workers", async () => {
  const bus = await swarmBus(arrange(members, "hierarchical"));
  expect(await reached(bus, members)).toEqual({
    "c-1": "c-1 w-1 w-3",
    "c-2": "c-2 w-2",
    "w-1": "c-1 w-1",
    "w-2": "c-2 w-2",
    "w-3": "c-1 w-3",
  });
});

test("in a hybrid the coordinators reach each other besides", async () => {
  const bus = await swarmBus(arrange(members, "hybrid"));
  expect(await reached(bus, members)).toMatchObject({
    "c-1": "c-1 c-2 w-1 w-3",
    "c-2": "c-1 c-2 w-2",
    "w-3": "c-1 w-3",
  });
});

test("a coordinator that is lost is missed by nobody: its messages, its workers and its name are its heir's", async () => {
  const members = [...coordinators(7), ...workers(14)];
  const hybrid = arrange(members, "hybrid");
  const bus = await swarmBus(hybrid);
  const toAll = async (body: string) => {
    for (const { name, role } of members)
      if (role === "worker") await put(bus, "@coordinator", `${body} of ${name}`, { from: name });
  };
  await toAll("before");
  await put(bus, "c-2", "one more", { from: "c-3" });
  await take(bus, "c-1", { holder: "c-1" });

  // In one transaction, as it is done when an agent has failed for good.
  const { heir, moved, routes } = await bus.store.write(async (tx) => {
    const live = members.filter(({ name, role }) => role === "coordinator" && name !== "c-1");
    const unsettled = await countUnsettled(
      tx,
      live.map(({ inbox }) => inbox),
    );
    const heir = heirOf(
      live.map(({ name, inbox }) => ({
        name,
        unsettled: unsettled.get(inbox)!,
        workers: workersOf(hybrid.teams, name),
      })),
    )!;
    const { moved } = await handover(tx, bus.settings, {
      from: "c-1",
      to: heir,
      reason: "c-1 failed",
    });
    const { routes } = afterHandover(hybrid, members, { from: lead("c-1"), to: lead(heir) });
    await setRoutes(tx, routes);
    return { heir, moved, routes };
  });
  expect({ heir, moved }).toEqual({ heir: "c-3", moved: 2 });
  expect(new Set(routes.map(({ sender }) => sender))).toEqual(
    new Set(["*", ...members.map(({ name }) => name)]),
  );

  await toAll("after");
  await put(bus, "c-1", "to its name", { from: "c-5" });
  await put(bus, "c-1", "of its heir to its name", { from: heir });
  await put(bus, "c-1", "of a person to its name");
  await put(bus, "@peers", "to its peers", { from: "c-5" });
  await put(bus, "@team:c-1", "to its team", { from: "c-5" });
  expect(texts(await take(bus, "c-3"))).toEqual([
    "before of w-1",
    "before of w-3",
    "before of w-8",
    "before of w-10",
    "after of w-1",
    "after of w-3",
    "after of w-8",
    "after of w-10",
    "to its name",
    "of its heir to its name",
    "of a person to its name",
    "to its peers",
    "to its team",
  ]);
  expect(await take(bus, "c-1")).toEqual([]);
  const sent = await put(bus, "@workers", "all of you", { from: "c-3" });
  expect(sent.deliveries).toBe(4);
  expect((await bus.store.read(conservation)).holds).toBe(true);
});

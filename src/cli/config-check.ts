// `skep config check`: everything that is wrong with what is configured, or what a swarm takes of this machine.
import { existsSync } from "node:fs";
import { freeBytes, homeFault, openApp } from "../app.ts";
import { hasVitals, unrecorded } from "../app/alert-rules.ts";
import { plannedChannels } from "../app/notify.ts";
import {
  type Needs,
  type Room,
  bytesText,
  needsOf,
  plainAgents,
  shortages,
} from "../config/capacity.ts";
import { faultOf, mistakeAt } from "../config/faults.ts";
import type { Resolution } from "../config/resolve.ts";
import type { Settings } from "../config/settings.ts";
import { readSwarmFile, usualFile } from "../config/swarm-file.ts";
import type { Swarm } from "../config/swarm.ts";
import { unsetVariables } from "../config/environment.ts";
import { type Mistake, isSkepError } from "../core/errors.ts";
import { readMachine } from "../core/machine.ts";
import { checkDatabase } from "../doctor/database.ts";
import type { PlannedChannel } from "../notify/channels.ts";
import { columns } from "./columns.ts";
import { resolveHere } from "./config-show.ts";
import type { Context } from "./context.ts";
import { misfits } from "./misfits.ts";
import { agentSearchPath } from "./search-path.ts";

/** Prints what the swarm of `file`, and others, take here. E_CONFIG with everything that is wrong. */
export async function check(context: Context, file: string | undefined): Promise<void> {
  const home = await context.home();
  const { settings, chosen, mistakes: wrongSettings, warnings } = await resolved(context);
  const path = file ?? (existsSync(usualFile) ? usualFile : undefined);
  const { swarm, mistakes: wrongSwarm } = await readSwarm(path, settings);
  const room: Room = { ...readMachine(), diskBytes: freeBytes(home) };
  const needs = swarm === undefined ? undefined : needsOf(swarm.agents, settings);
  const channels = plannedChannels({ home, settings });
  const mistakes = [
    ...wrongSettings,
    ...untold(channels, chosen, "command"),
    ...(await wrongHome(context, home, settings)),
    ...wrongSwarm,
    ...(needs === undefined ? [] : tooMuch(path!, needs, room)),
  ];
  if (mistakes.length > 0) throw faultOf(mistakes, "the configuration has");
  // The settings of a team may be for machines with a desktop, too.
  const deskless = untold(channels, chosen, "desktop").map(({ message }) => message);
  const strange = await unrecordedHere(context, home, settings);
  for (const warning of [...warnings, ...deskless, ...unset(swarm), ...strange])
    context.say(`skep: ${warning}`);
  for (const { name, uses, why } of channels)
    if (why === null) context.say(`alerts are told by ${name}: ${uses}`);
  const examples = [100, 300, 708].flatMap((count) =>
    [0, room.cores].map((pool) => needsOf(plainAgents(count, pool), settings)),
  );
  const own = needs === undefined ? [] : [{ name: swarm!.name, needs }];
  const rows = [...own, ...examples.map((one) => ({ name: `${one.agents} agents`, needs: one }))];
  if (context.json)
    return context.data(
      JSON.stringify({ home, room: roomJson(room), swarms: rows.map(rowJson(room)) }),
    );
  const tooLarge = examples.filter((one) => shortages(one, room).length > 0);
  context.say(
    tooLarge.length === 0
      ? `all is well; the home is ${home}`
      : `nothing is wrong, but this machine is too small for ${orList(tooLarge)}; the home is ${home}`,
  );
  await context.data(columns([headings, ...rows.map((row) => cells(row, room)), roomCells(room)]));
}

/** What is chosen here; a file that cannot be read is a mistake like any other. */
async function resolved(context: Context): ReturnType<typeof resolveHere> {
  try {
    return await resolveHere(context);
  } catch (error) {
    const { defaults } = await import("../config/settings.ts");
    return {
      settings: defaults,
      chosen: new Map(),
      placeOfRule: () => undefined,
      mistakes: mistakesOf(error, null),
      warnings: [],
    };
  }
}

async function readSwarm(
  file: string | undefined,
  { agents: { countMax } }: Settings,
): Promise<{ swarm?: Swarm; mistakes: readonly Mistake[] }> {
  if (file === undefined) return { mistakes: [] };
  try {
    const swarm = await readSwarmFile(file, { searchPath: agentSearchPath, countMax, misfits });
    return { swarm, mistakes: [] };
  } catch (error) {
    return { mistakes: mistakesOf(error, file) };
  }
}

/** What is wrong with `home`; where it can be one, with the database in it. */
async function wrongHome(
  { acceptLoss }: Context,
  home: string,
  settings: Settings,
): Promise<readonly Mistake[]> {
  const fault = homeFault(home);
  if (fault !== undefined) return mistakesOf(fault, null);
  const found = await checkDatabase(home, async () => {
    const how = { acceptLoss, keepModes: true };
    const { store, clock, lastRun } = await openApp(home, settings, undefined, how);
    return { store, now: clock.now, lastRun };
  });
  const place = { file: null, line: null, key: "database:" };
  return found
    .filter(({ verdict }) => verdict === "fail")
    .map(({ says, fix }) => mistakeAt(place, { what: says, hint: fix ?? undefined }));
}

/** That the channel `name` is set and cannot work here, and why. */
function untold(
  channels: readonly PlannedChannel[],
  chosen: Resolution["chosen"],
  name: string,
): Mistake[] {
  const why = channels.find((one) => one.name === name)?.why ?? null;
  if (why === null) return [];
  const key = `notify.${name}`;
  const place = chosen.get(key)?.place ?? { file: null, line: null, key };
  const hint = "Change it, or take it out; skep alerts test tries all that are set.";
  return [mistakeAt(place, { what: `tells nobody of alerts: ${why}`, hint })];
}

/** The rules for alerts that look at what nobody has recorded here. */
async function unrecordedHere(
  { acceptLoss }: Context,
  home: string,
  settings: Settings,
): Promise<string[]> {
  // Where there is nothing, nothing is to be made.
  if (settings.alertRules.users.length === 0 || !hasVitals(home))
    return await unrecorded(settings, undefined);
  const app = await openApp(home, settings, undefined, { acceptLoss, keepModes: true });
  const found = await unrecorded(settings, app.vitals);
  await app.close();
  return found;
}

/** What the agents of `swarm` are to get of the environment, and is not there. */
function unset(swarm: Swarm | undefined): string[] {
  const groups = Map.groupBy(swarm?.agents ?? [], ({ group }) => group);
  return [...groups].flatMap(([group, [agent]]) =>
    unsetVariables(agent!.env).map(
      (name) => `agents.${group}.env names ${name}, which is not set here: no agent will have it`,
    ),
  );
}

function mistakesOf(error: unknown, file: string | null): readonly Mistake[] {
  if (!isSkepError(error)) throw error;
  const { message, hint = null, mistakes } = error;
  return mistakes ?? [{ file, line: null, column: null, key: "", message, hint }];
}

function tooMuch(file: string, needs: Needs, room: Room): readonly Mistake[] {
  const place = { file, line: null, key: `a swarm of ${needs.agents}` };
  return shortages(needs, room).map((shortage) => mistakeAt(place, shortage));
}

function orList(swarms: readonly Needs[]): string {
  const counts = [...new Set(swarms.map(({ agents }) => agents))].sort((a, b) => a - b);
  const last = counts.pop();
  return `${counts.length === 0 ? "" : `${counts.join(", ")} or `}${last} agents`;
}

interface Row {
  name: string;
  needs: Needs;
}

const headings = ["SWARM", "HOSTS", "MEMORY", "TASKS", "FILES", "DISK WHEN FULL", "HERE"];

function cells({ name, needs }: Row, room: Room): string[] {
  const { hosts, memoryBytes, tasks, files, diskBytes } = needs;
  const short = shortages(needs, room);
  return [
    name,
    `${hosts}`,
    bytesText(memoryBytes),
    `${tasks}`,
    `${files}`,
    bytesText(diskBytes),
    short.length === 0 ? "fits" : short.map(({ what }) => what).join("; "),
  ];
}

function roomCells({ memoryBytes, tasksLeft, filesMax, diskBytes }: Room): string[] {
  const left = [bytesText(memoryBytes), countText(tasksLeft), countText(filesMax)];
  return ["there is", "", ...left, bytesText(diskBytes)];
}

function countText(count: number): string {
  return count === Infinity ? "no bound" : `${count}`;
}

function rowJson(room: Room) {
  return ({ name, needs }: Row) => ({
    name,
    agents: needs.agents,
    hosts: needs.hosts,
    programs: needs.programs,
    memory_bytes: needs.memoryBytes,
    tasks: needs.tasks,
    files: needs.files,
    disk_bytes: needs.diskBytes,
    fits: shortages(needs, room).length === 0,
    short: shortages(needs, room).map(({ what }) => what),
  });
}

function roomJson({ cores, memoryBytes, tasksLeft, filesMax, diskBytes }: Room) {
  // Infinity is null in JSON: there is no bound.
  return {
    cores,
    memory_bytes: memoryBytes,
    tasks: tasksLeft,
    files: filesMax,
    disk_bytes: diskBytes,
  };
}

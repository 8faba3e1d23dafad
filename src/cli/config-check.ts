// `skep config check`: everything that is wrong with what is configured, or what a swarm takes of this machine.
import { existsSync } from "node:fs";
import { freeBytes, homeFault } from "../app.ts";
import {
  type Needs,
  type Room,
  bytesText,
  needsOf,
  plainAgents,
  shortages,
} from "../config/capacity.ts";
import { faultOf, mistakeAt } from "../config/faults.ts";
import type { Settings } from "../config/settings.ts";
import { readSwarmFile, usualFile } from "../config/swarm-file.ts";
import type { Swarm } from "../config/swarm.ts";
import { type Mistake, isSkepError } from "../core/errors.ts";
import { readMachine } from "../core/machine.ts";
import { columns } from "./columns.ts";
import { resolveHere } from "./config-show.ts";
import type { Context } from "./context.ts";
import { misfits } from "./misfits.ts";
import { agentSearchPath } from "./search-path.ts";

/** Prints what the swarm of `file`, and others, take here. E_CONFIG with everything that is wrong. */
export async function check(context: Context, file: string | undefined): Promise<void> {
  const home = await context.home();
  const { settings, mistakes: wrongSettings, warnings } = await resolved(context);
  const path = file ?? (existsSync(usualFile) ? usualFile : undefined);
  const { swarm, mistakes: wrongSwarm } = await readSwarm(path, settings);
  const room: Room = { ...readMachine(), diskBytes: freeBytes(home) };
  const needs = swarm === undefined ? undefined : needsOf(swarm.agents, settings);
  const mistakes = [
    ...wrongSettings,
    ...wrongHome(home),
    ...wrongSwarm,
    ...(needs === undefined ? [] : tooMuch(path!, needs, room)),
  ];
  if (mistakes.length > 0) throw faultOf(mistakes, "the configuration has");
  for (const warning of warnings) context.say(`skep: ${warning}`);
  const examples = [100, 300, 708].flatMap((count) =>
    [0, room.cores].map((pool) => needsOf(plainAgents(count, pool), settings)),
  );
  const own = needs === undefined ? [] : [{ name: swarm!.name, needs }];
  const rows = [...own, ...examples.map((one) => ({ name: `${one.agents} agents`, needs: one }))];
  if (context.json)
    return context.data(
      JSON.stringify({ home, room: roomJson(room), swarms: rows.map(rowJson(room)) }),
    );
  context.say(`all is well; the home is ${home}`);
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

function wrongHome(home: string): readonly Mistake[] {
  const fault = homeFault(home);
  return fault === undefined ? [] : mistakesOf(fault, null);
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

// A disk of two megabytes that can be filled to the last byte: a tmpfs in a mount namespace of its own.
import { mkdirSync, statSync, truncateSync } from "node:fs";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import type { Ended, Place } from "./place.ts";

/** A place whose home lies on a small disk. */
export interface SmallDisk extends Pick<Place, "skep" | "start"> {
  /** Takes every byte that is left. */
  fill(): Promise<void>;
  /** Runs a script of the shell where the disk can be seen. */
  run(script: string): Promise<Ended>;
  /** Gives them back. */
  room(): void;
  /** How long the file `name` of the home is; 0 when it is not there. */
  bytesOf(name: string): number;
}

/** Whether there can be one here. */
export function mayMount(): boolean {
  if (lacks("unshare", "nsenter", "mount")) return false;
  const { exitCode } = Bun.spawnSync(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], {
    stderr: "ignore",
  });
  return exitCode === 0;
}

/** Mounts one for `place`. It goes with the process that keeps it, and that with the place. */
export async function smallDisk(place: Place): Promise<SmallDisk> {
  return await mounted(place, { home: "small/home", more: "" });
}

/** The same with a home on a large disk, and of its files only `names` on the small one. */
export async function smallDiskOf(place: Place, names: readonly string[]): Promise<SmallDisk> {
  mkdirSync(place.home, { mode: 0o700 });
  const mounts = names.map((name) => {
    const [on, below] = [`${place.path("small")}/${name}`, `${place.home}/${name}`];
    return ` && : > "${on}" && : > "${below}" && mount --bind "${on}" "${below}"`;
  });
  return await mounted(place, { home: "home", more: `${mounts.join("")}` });
}

async function mounted(
  { path, start }: Place,
  { home, more }: { home: string; more: string },
): Promise<SmallDisk> {
  const at = path("small");
  mkdirSync(at);
  const keeping = `umask 077 && mount -t tmpfs -o size=2m tmpfs "${at}"${more} && echo mounted && exec sleep 3600`;
  const keeper = start([], { before: ["unshare", "-m", "sh", "-c", keeping] });
  await waitUntil("the disk is there", () => keeper.said() === "mounted\n");
  const inside = ["nsenter", "-t", String(keeper.pid), "-m"];
  // The disk as whoever is outside finds it. SQLite would follow that link to another place.
  const root = `/proc/${keeper.pid}/root`;
  const script = (text: string) => start([], { before: [...inside, "sh", "-c", text] }).ended;
  const run: Place["start"] = (words, { env, ...options } = {}) =>
    start(words, { ...options, env: { SKEP_HOME: path(home), ...env }, before: inside });
  return {
    start: run,
    skep: (words, options) => run(words, options).ended,
    run: script,
    async fill() {
      const { stderr } = await script(`cat /dev/zero > "${at}/filler"`);
      if (!stderr.includes("No space left")) throw new Error(`the disk is not full: ${stderr}`);
    },
    room: () => truncateSync(`${root}${at}/filler`),
    bytesOf: (name) =>
      statSync(`${root}${path(home)}/${name}`, { throwIfNoEntry: false })?.size ?? 0,
  };
}

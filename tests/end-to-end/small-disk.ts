// A disk of two megabytes that can be filled to the last byte: a tmpfs in a mount namespace of its own.
import { mkdirSync, statSync, truncateSync } from "node:fs";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import type { Place } from "./place.ts";

/** A place whose home lies on a small disk. */
export interface SmallDisk extends Pick<Place, "skep" | "start"> {
  /** Takes every byte that is left. */
  fill(): Promise<void>;
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
export async function smallDisk({ path, start }: Place): Promise<SmallDisk> {
  const at = path("small");
  mkdirSync(at);
  const script = `mount -t tmpfs -o size=2m tmpfs "${at}" && echo mounted && exec sleep 600`;
  const keeper = start([], { before: ["unshare", "-m", "sh", "-c", script] });
  await waitUntil("the disk is there", () => keeper.said() === "mounted\n", 20_000);
  const inside = ["nsenter", "-t", String(keeper.pid), "-m"];
  // The disk as whoever is outside finds it. SQLite would follow that link to another place.
  const seen = `/proc/${keeper.pid}/root${at}`;
  const run: Place["start"] = (words, { env, ...options } = {}) =>
    start(words, { ...options, env: { SKEP_HOME: `${at}/home`, ...env }, before: inside });
  return {
    start: run,
    skep: (words, options) => run(words, options).ended,
    async fill() {
      const before = [...inside, "sh", "-c", `cat /dev/zero > "${at}/filler"`];
      const { stderr } = await start([], { before }).ended;
      if (!stderr.includes("No space left")) throw new Error(`the disk is not full: ${stderr}`);
    },
    room: () => truncateSync(`${seen}/filler`),
    bytesOf: (name) => statSync(`${seen}/home/${name}`, { throwIfNoEntry: false })?.size ?? 0,
  };
}

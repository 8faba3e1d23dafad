// The directory that things are tried in: beside the home, on the same disk, and gone when the doctor has ended.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive, ownIdentity, pidNamespace } from "../core/identity.ts";

const prefix = ".skep-doctor-";

/** Makes one in `place`, and removes those that killed doctors have left there. Throws the system's own error where nothing can be made. */
export function makeTrialDirectory(place: string): string {
  removeLeft(place);
  const { pid, startTime } = ownIdentity();
  return mkdtempSync(join(place, `${prefix}${ownNamespace()}-${pid}-${startTime}-`));
}

/** Removes one, with all that is in it. A swarm that still runs there ends when it finds its home gone. */
export function removeTrialDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function removeLeft(place: string): void {
  try {
    for (const name of readdirSync(place))
      if (isLeft(name)) removeTrialDirectory(join(place, name));
  } catch {
    // It may be somebody else's; then it is left to them.
  }
}

// A process id of another namespace says nothing here, so what was made there is left alone.
function isLeft(name: string): boolean {
  if (!name.startsWith(prefix)) return false;
  const [namespace, pid, startTime] = name.slice(prefix.length).split("-");
  return (
    namespace === ownNamespace() && !isAlive({ pid: Number(pid), startTime: Number(startTime) })
  );
}

function ownNamespace(): string {
  return pidNamespace().replaceAll(/\D/g, "");
}

// An agent's log: what its programs wrote, in a file that cannot grow without bound.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface Log {
  /** Appends `bytes`; never throws, for a full disk must not stop the work. */
  append(bytes: Uint8Array | string): void;
  close(): void;
}

/** The log of `name` in `<home>/logs`. At `bytesMax` it is renamed to `<name>.log.1`, over the one before, and begun anew. */
export function openLog(home: string, name: string, bytesMax: number): Log {
  const folder = join(home, "logs");
  const path = join(folder, `${name}.log`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let fd = openSync(path, "a", 0o600);
  let size = fstatSync(fd).size;
  return {
    append(bytes) {
      try {
        size += typeof bytes === "string" ? writeSync(fd, bytes) : writeSync(fd, bytes);
        if (size < bytesMax) return;
        closeSync(fd);
        renameSync(path, `${path}.1`);
        fd = openSync(path, "a", 0o600);
        size = 0;
      } catch {
        // What cannot be written down is lost; the program's work is not.
      }
    },
    close: () => closeSync(fd),
  };
}

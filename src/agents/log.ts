// An agent's log: what its programs wrote, in a file that cannot grow without bound.
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

export interface Log {
  /** Appends `bytes`; never throws, for a full disk must not stop the work. */
  append(bytes: Uint8Array | string): void;
  /** Ends it; what is appended afterwards is lost. */
  close(): void;
}

/** Where the log of `name` lies. */
export function logPath(home: string, name: string): string {
  return join(home, "logs", `${name}.log`);
}

/** The log of `name` in `<home>/logs`, made with the first that is appended. At `bytesMax` it is renamed to `<name>.log.1`, over the one before, and begun anew. */
export function openLog(home: string, name: string, bytesMax: number): Log {
  const path = logPath(home, name);
  let file: { fd: number; size: number } | undefined;
  let closed = false;
  // The number of a closed file may be given to another one, such as the database: it is forgotten before anything else happens.
  const close = () => {
    const fd = file?.fd;
    file = undefined;
    if (fd !== undefined) closeSync(fd);
  };
  return {
    append(bytes) {
      if (closed) return;
      file ??= openFile(path);
      if (file === undefined) return;
      try {
        file.size += writeSync(file.fd, typeof bytes === "string" ? Buffer.from(bytes) : bytes);
        if (file.size < bytesMax) return;
        close();
        rotate(path);
      } catch {
        // What cannot be written down is lost, and a file that somebody took away is begun anew with what comes next; the
        // program's work goes on.
      }
    },
    close() {
      closed = true;
      close();
    },
  };
}

function openFile(path: string): { fd: number; size: number } | undefined {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    return { fd, size: fstatSync(fd).size };
  } catch {
    return undefined;
  }
}

function rotate(path: string): void {
  try {
    renameSync(path, `${path}.1`);
  } catch {
    // Something else has that name: the bound matters more than the lines.
    truncateSync(path);
  }
}

// What a SQLite library threw, in skep's words.
import { type ErrorCode, SkepError, isSkepError } from "../core/errors.ts";

const faults: [starts: string[], code: ErrorCode, what: string, hint?: string][] = [
  [["SQLITE_BUSY", "SQLITE_LOCKED"], "E_BUSY", "is locked by another writer", "Try again."],
  [
    ["SQLITE_PROTOCOL"],
    "E_FILESYSTEM",
    "cannot be locked",
    "Is it on a network or foreign file system? Name a home on a local disk with --home.",
  ],
  [
    ["SQLITE_READONLY_DBMOVED"],
    "E_CORRUPT",
    "was moved or deleted while it was in use",
    "Put it back, or end what uses it and start again.",
  ],
  [
    ["SQLITE_CORRUPT", "SQLITE_NOTADB"],
    "E_CORRUPT",
    "is damaged or not a SQLite database",
    "Keep a copy of it and its -wal file, then restore a backup or start with a new home.",
  ],
  [
    ["SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"],
    "E_READONLY",
    "is read-only",
    "Check the owner and mode of the file and its directory.",
  ],
  [
    // Where nobody has the database open, even a look at it takes a file of its own.
    ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"],
    "E_DISK",
    "cannot grow: the disk is full",
    "Free some space and try again; nothing was half done.",
  ],
  [
    ["SQLITE_IOERR"],
    "E_DISK",
    "cannot be read or written",
    "Is the disk full? Check it, its quota and its mount.",
  ],
  [
    ["SQLITE_CANTOPEN"],
    "E_READONLY",
    "cannot be opened",
    "Check that it exists, that you may read and write it and its directory, and how many files a process may open (ulimit -n).",
  ],
];

/** The SkepError for what SQLite threw about the file at `path`; what is not SQLite's comes back as it is. Of a `disposable` file the advice is to delete it. */
export function translateFault(error: unknown, path: string, disposable = false): unknown {
  const fault = translated(error, path);
  if (!disposable || !isSkepError(fault, "E_CORRUPT", "E_SCHEMA")) return fault;
  return new SkepError(fault.code, fault.message, {
    hint: "Nothing is lost with it: delete it, its -wal and its -shm file, and it is made again.",
    cause: fault.cause ?? error,
  });
}

function translated(error: unknown, path: string): unknown {
  if (error instanceof SkepError || !(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string") return error;
  for (const [starts, ours, what, hint] of faults) {
    if (starts.some((start) => code.startsWith(start)))
      return new SkepError(ours, `${path} ${what} (${code})`, {
        hint,
        cause: error,
        retryAfterMs: ours === "E_BUSY" ? 100 : undefined,
      });
  }
  return error;
}

/** The SkepError for what the system answered (ENOSPC, EACCES …) when `path` was to be created or changed; a SkepError comes back as it is. */
export function fileFault(error: unknown, path: string): SkepError {
  if (error instanceof SkepError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
  if (code === "ENOSPC" || code === "EDQUOT")
    return new SkepError("E_DISK", `${path} cannot be created: the disk is full (${code})`, {
      hint: "Free some space and try again.",
    });
  if (code === "EMFILE" || code === "ENFILE")
    return new SkepError("E_HOME", `${path} cannot be opened: too many files are open (${code})`, {
      hint: "Raise ulimit -n, and try again.",
      cause: error,
    });
  const readonly = code === "EROFS" || code === "EACCES" || code === "EPERM";
  return new SkepError(
    readonly ? "E_READONLY" : "E_HOME",
    `${path} cannot be created or written (${code})`,
    {
      hint: "Name a directory that you may write to with --home.",
      cause: error,
    },
  );
}

/** Whether SQLite refused for now because somebody else holds a lock. */
export function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown } | null)?.code ?? "").startsWith("SQLITE_BUSY");
}

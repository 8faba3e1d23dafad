// Whether the files of a database still lie where they were opened. SQLite itself does not notice when they are deleted,
// renamed or replaced: it goes on writing into files that nobody else sees.
import { type Stats, lstatSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { elapsedMs } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";

// A look at three files takes 5 µs.
const everyMs = 100;

/** Both throw E_CORRUPT when a file is gone or another one, as long as that is so. */
export interface FileWatch {
  /** Looks at the files. */
  check(): void;
  /** The same, at most every tenth of a second while all is well: to be called before the database is used. */
  checkNowAndThen(): void;
}

/** A watch on the files of the database at `path`, which has just been opened, and of its log. `opened` says which file it was that lay at `path`. */
export function watchFiles(path: string, opened: string): FileWatch {
  const files = new Map([[path, opened]]);
  let goodMs = Number.NEGATIVE_INFINITY;
  const check = () => {
    for (const name of [path, `${path}-wal`, `${path}-shm`]) {
      const before = files.get(name);
      const now = fileAt(name);
      if (before === now) continue;
      if (before !== undefined) throw displaced(name, now === undefined);
      files.set(name, now!);
    }
    goodMs = elapsedMs();
  };
  check();
  return {
    check,
    checkNowAndThen() {
      if (elapsedMs() - goodMs >= everyMs) check();
    },
  };
}

/** Which file lies at `path`; undefined when there is none. Nobody else can get its number while it is open here. Only `stat` touches it. */
export function fileAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : nameOf(found);
}

/**
 * Whether the database at `path` was emptied where it lies, while it was in use or after a crash. One that is just being
 * made is empty as well, but has no index of a log: SQLite makes that once the first page is in the file.
 */
export function isEmptied(path: string): boolean {
  const bytesOf = (name: string) => {
    const found = lstatSync(name, { throwIfNoEntry: false });
    return found?.isFile() ? found.size : undefined;
  };
  return bytesOf(path) === 0 && (bytesOf(`${path}-shm`) ?? 0) > 0;
}

/** What tells a file from any other. */
export function nameOf({ dev, ino }: Pick<Stats, "dev" | "ino">): string {
  return `${dev} ${ino}`;
}

function displaced(path: string, gone: boolean): SkepError {
  const how = gone ? "was moved or deleted" : "was replaced by another file";
  return new SkepError("E_CORRUPT", `${path} ${how} while it was in use`, {
    hint: `Nothing more is written into it. End what uses ${dirname(path)}, and put ${basename(path)} back before you go on.`,
  });
}

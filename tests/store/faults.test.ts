import { chmodSync, chownSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { SkepError } from "../../src/core/errors.ts";
import { fileFault, isBusy, translateFault } from "../../src/store/faults.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { lacks } from "../helpers/programs.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { programs } from "./start-program.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const start = programs();
const isRoot = process.getuid?.() === 0;

const thrown = (code: unknown) => Object.assign(new Error("sqlite says no"), { code });

describe("what SQLite threw", () => {
  test.each([
    ["SQLITE_BUSY", "E_BUSY"],
    ["SQLITE_BUSY_SNAPSHOT", "E_BUSY"],
    ["SQLITE_BUSY_RECOVERY", "E_BUSY"],
    ["SQLITE_LOCKED", "E_BUSY"],
    ["SQLITE_CORRUPT", "E_CORRUPT"],
    ["SQLITE_CORRUPT_INDEX", "E_CORRUPT"],
    ["SQLITE_NOTADB", "E_CORRUPT"],
    ["SQLITE_READONLY", "E_READONLY"],
    ["SQLITE_READONLY_DIRECTORY", "E_READONLY"],
    ["SQLITE_READONLY_DBMOVED", "E_CORRUPT"],
    ["SQLITE_PERM", "E_READONLY"],
    ["SQLITE_AUTH", "E_READONLY"],
    ["SQLITE_CANTOPEN", "E_READONLY"],
    ["SQLITE_FULL", "E_DISK"],
    ["SQLITE_IOERR", "E_DISK"],
    ["SQLITE_IOERR_WRITE", "E_DISK"],
    ["SQLITE_IOERR_SHORT_READ", "E_DISK"],
    ["SQLITE_PROTOCOL", "E_FILESYSTEM"],
  ])("as %s is %s, naming the file, the code and what to do", (code, ours) => {
    const cause = thrown(code);
    const fault = translateFault(cause, "/h/bus.db") as SkepError;
    expect(fault).toBeInstanceOf(SkepError);
    expect(fault).toMatchObject({ code: ours, cause });
    expect(fault.message).toStartWith("/h/bus.db ");
    expect(fault.message).toEndWith(`(${code})`);
    expect(fault.hint?.length).toBeGreaterThan(5);
  });

  test("for now says when to try again, and nothing else does", () => {
    expect(translateFault(thrown("SQLITE_BUSY"), "x")).toHaveProperty("retryAfterMs", 100);
    expect(translateFault(thrown("SQLITE_FULL"), "x")).toHaveProperty("retryAfterMs", undefined);
  });

  test.each(["SQLITE_ERROR", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_MISUSE", "ENOENT", undefined, 5])(
    "as %p is a bug of ours and comes back as it is",
    (code) => {
      const error = thrown(code);
      expect(translateFault(error, "x")).toBe(error);
    },
  );

  test("about a file with which nothing is lost comes with the advice to delete it, when that helps", () => {
    const hintFor = (error: unknown) => (translateFault(error, "x", true) as SkepError).hint;
    const newer = new SkepError("E_SCHEMA", "x was written by a newer skep", { hint: "Use it." });
    for (const error of [thrown("SQLITE_NOTADB"), newer])
      expect(hintFor(error)).toContain("delete it");
    for (const error of [thrown("SQLITE_FULL"), thrown("SQLITE_READONLY"), thrown("SQLITE_BUSY")])
      expect(hintFor(error)).not.toContain("delete it");
    expect(translateFault(newer, "x", true)).toMatchObject({
      code: "E_SCHEMA",
      message: newer.message,
    });
  });

  test("is not translated twice", () => {
    const fault = new SkepError("E_STALE", "late");
    expect(translateFault(fault, "x")).toBe(fault);
    expect(translateFault("a string", "x")).toBe("a string");
    expect(translateFault(undefined, "x")).toBeUndefined();
  });

  test("is busy only when somebody else holds a lock", () => {
    expect(isBusy(thrown("SQLITE_BUSY"))).toBe(true);
    expect(isBusy(thrown("SQLITE_BUSY_TIMEOUT"))).toBe(true);
    expect(isBusy(thrown("SQLITE_FULL"))).toBe(false);
    expect(isBusy(new SkepError("E_BUSY", "later"))).toBe(false);
    expect(isBusy(null)).toBe(false);
  });
});

describe("what the system answered", () => {
  test.each([
    ["EROFS", "E_READONLY"],
    ["EACCES", "E_READONLY"],
    ["EPERM", "E_READONLY"],
    ["ENOSPC", "E_DISK"],
    ["EDQUOT", "E_DISK"],
    ["ENOTDIR", "E_HOME"],
    ["ELOOP", "E_HOME"],
    ["ENAMETOOLONG", "E_HOME"],
    [undefined, "E_HOME"],
  ])("as %p is %s, naming the path", (code, ours) => {
    const fault = fileFault(thrown(code), "/h");
    expect(fault.code).toBe(ours as never);
    expect(fault.message).toStartWith("/h ");
    expect(fault.message).toContain(code ?? "unknown error");
    expect(fault.hint).toBeDefined();
  });

  test("that is a refusal of ours already stays what it is", () => {
    const fault = new SkepError("E_FILESYSTEM", "nfs");
    expect(fileFault(fault, "/h")).toBe(fault);
  });
});

/** A home with one row in it, at rest. */
async function oldHome(): Promise<string> {
  const home = tempHome();
  const store = await openHome(home);
  await writeRow(store, "old");
  await store.close();
  return home;
}

// Root may write where modes forbid it, so these run as somebody else when they are started by root.
describe.skipIf(isRoot && lacks("setpriv"))(
  "a home we may not write (wants setpriv as root)",
  () => {
    const nobody = 65534;
    const asNobody = isRoot
      ? ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--"]
      : [];

    async function lockedHome(directoryMode: number, fileMode: number): Promise<string> {
      const home = await oldHome();
      for (const name of readdirSync(home)) {
        chmodSync(join(home, name), fileMode);
        if (isRoot) chownSync(join(home, name), nobody, nobody);
      }
      chmodSync(home, directoryMode);
      if (isRoot) chownSync(home, nobody, nobody);
      chmodSync(join(home, ".."), 0o755);
      return home;
    }

    async function tryToWrite(home: string): Promise<{ code: string; hint: string }> {
      const agent = start("write-row.ts", [home, "new", "500"], asNobody);
      agent.go();
      await agent.ended;
      return agent.values<{ code: string; hint: string }>()[0]!;
    }

    test("as it is ours and writable works, so the others fail for the reason they are meant to", async () => {
      expect(await tryToWrite(await lockedHome(0o700, 0o600))).toEqual({ code: "done" } as never);
    });

    test.each([
      ["its files are read-only", 0o700, 0o400],
      ["its directory is read-only", 0o500, 0o600],
      ["both are", 0o500, 0o400],
      ["the directory may not be entered", 0o600, 0o600],
    ])("because %s is E_READONLY with a hint", async (_, directoryMode, fileMode) => {
      const home = await lockedHome(directoryMode, fileMode);
      const fault = await tryToWrite(home);
      // Or nobody but root could remove it.
      chmodSync(home, 0o700);
      expect(fault).toMatchObject({ code: "E_READONLY", hint: expect.stringMatching(/./) });
    });

    test("because the directory above is somebody else's is E_READONLY", async () => {
      const fault = await tryToWrite("/skep-may-not-be-made-here");
      expect(fault).toMatchObject({ code: "E_READONLY" });
    });
  },
);

const namespace = isRoot ? ["unshare", "-m"] : ["unshare", "-rm"];
const cannotMount =
  lacks("unshare", "mount") || Bun.spawnSync([...namespace, "true"]).exitCode !== 0;

describe.skipIf(cannotMount)("a file system of its own (wants unshare and mount)", () => {
  const mounted = (mount: string) => [...namespace, "sh", "-c", `${mount} && exec "$@"`, "sh"];

  test("that is read-only is E_READONLY, for a home in it and for one to be", async () => {
    const home = await oldHome();
    const point = join(home, "..");
    const readOnly = `mount --bind ${point} ${point} && mount -o remount,bind,ro ${point}`;
    for (const place of [home, join(point, "another")]) {
      const agent = start("write-row.ts", [place, "new"], mounted(readOnly));
      agent.go();
      await agent.ended;
      expect(agent.values()).toEqual([
        expect.objectContaining({ code: "E_READONLY", hint: expect.stringMatching(/./) }),
      ]);
    }
  });

  test("that has no room for a new home is E_DISK, wherever it ran out", async () => {
    const codes: string[] = [];
    for (const size of ["4k", "16k", "32k", "64k", "80k", "96k", "128k", "4m"]) {
      const home = tempHome();
      const full = `mount -t tmpfs -o size=${size} tmpfs ${join(home, "..")}`;
      const agent = start("write-row.ts", [home, "new"], mounted(full));
      agent.go();
      await agent.ended;
      const [answer] = agent.values<{ code: string; hint?: string }>();
      if (answer?.code === "E_DISK") expect(answer.hint).toMatch(/space|full/);
      codes.push(answer?.code ?? agent.said());
    }
    expect(codes.at(-1)).toBe("done");
    expect(new Set(codes.slice(0, 4))).toEqual(new Set(["E_DISK"]));
    expect(new Set(codes)).toEqual(new Set(["E_DISK", "done"]));
  });

  test("that fills up fails the write as a whole, can be read, and takes writes again once there is room", async () => {
    const home = tempHome();
    const small = `mount -t tmpfs -o size=2m tmpfs ${dirname(home)}`;
    const program = start("fill-disk.ts", [home], mounted(small));
    expect(await program.ended).toBe(0);
    const [full, read, again] = program.values<Record<string, unknown>>();
    expect(full).toMatchObject({
      step: "full",
      code: "E_DISK",
      hint: expect.stringContaining("space"),
    });
    expect(read).toMatchObject({ step: "read", integrity: "ok" });
    expect(read!["rows"]).toBe((read!["pairs"] as number) * 2);
    expect(read!["pairs"]).toBeGreaterThan(10);
    expect(again).toEqual({ step: "room again" });
  });
});

import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ErrorCode } from "../../src/core/errors.ts";
import {
  freeBytes,
  homeFault,
  kindByMount,
  prepareFile,
  prepareHome,
  unsupportedFilesystem,
} from "../../src/store/filesystem.ts";
import { lacks } from "../helpers/programs.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { withUmask } from "../helpers/with-umask.ts";
import { whileTakenAway } from "./take-away.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const isRoot = process.getuid?.() === 0;
const nobody = 65534;

const modeOf = (path: string) => lstatSync(path).mode & 0o777;
const refuses = (code: ErrorCode, says: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(says), hint: expect.any(String) });

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

describe("a home", () => {
  test.each([0o000, 0o022, 0o077, 0o277])("is ours alone under a umask of %o", (mask) => {
    const home = tempHome();
    withUmask(mask, () => prepareHome(home));
    expect(modeOf(home)).toBe(0o700);
  });

  test("is made with the directories above it, and is none of our business there", () => {
    const home = tempHome();
    expect(prepareHome(join(home, "a", "b"))).toBe(false);
    prepareHome(join(home, "a", "b"));
    expect(readdirSync(join(home, "a"))).toEqual(["b"]);
  });

  test.each(["", "bus.db", "skep.toml"])(
    "that was open to others is closed to them when it holds %p",
    (name) => {
      const home = tempHome();
      mkdirSync(home, { mode: 0o755 });
      if (name !== "") writeFileSync(join(home, name), "");
      expect([prepareHome(home, { keepModes: true }), modeOf(home)]).toEqual([false, 0o755]);
      expect([prepareHome(home), modeOf(home)]).toEqual([true, 0o700]);
    },
  );

  test("is not taken from others when it holds something else", () => {
    const shared = tempHome();
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    writeFileSync(join(shared, "their file"), "");
    expect(() => prepareHome(shared)).toThrow(refuses("E_HOME", /is open to other users/));
    expect(statSync(shared).mode & 0o7777).toBe(0o1777);
  });

  test("that is closed already may hold whatever it likes, and keeps the mode its owner gave it", () => {
    const home = tempHome();
    mkdirSync(home);
    writeFileSync(join(home, "my file"), "");
    chmodSync(home, 0o500);
    prepareHome(home);
    expect(modeOf(home)).toBe(0o500);
    // Or nobody but root could remove it.
    chmodSync(home, 0o700);
  });

  test.each(["", "/", "/.", "//"])("is no symbolic link, with %p at its end", (end) => {
    const home = tempHome();
    mkdirSync(home);
    symlinkSync(home, `${home}-link`);
    expect(() => prepareHome(`${home}-link${end}`)).toThrow(refuses("E_HOME", /symbolic link/));
    expect(readdirSync(home)).toEqual([]);
  });

  test("is no symbolic link to nothing, and none that leads to itself", () => {
    const home = tempHome();
    symlinkSync("/nowhere/at/all", home);
    symlinkSync(`${home}-loop`, `${home}-loop`);
    expect(() => prepareHome(home)).toThrow(refuses("E_HOME", /symbolic link/));
    expect(() => prepareHome(`${home}-loop`)).toThrow(refuses("E_HOME", /symbolic link/));
    expect(() => prepareHome(join(home, "below"))).toThrow(refuses("E_HOME", /cannot be created/));
  });

  test("may lie below a symbolic link", () => {
    const home = tempHome();
    mkdirSync(home);
    symlinkSync(home, `${home}-link`);
    prepareHome(join(`${home}-link`, "below"));
    expect(readdirSync(home)).toEqual(["below"]);
  });

  test("is no file, and lies below none", () => {
    const home = tempHome();
    writeFileSync(home, "");
    expect(() => prepareHome(home)).toThrow(refuses("E_HOME", /is not a directory/));
    expect(() => prepareHome(join(home, "below"))).toThrow(refuses("E_HOME", /ENOTDIR|ENOENT/));
  });

  test("is nobody else's", () => {
    let home = "/";
    if (isRoot) {
      home = tempHome();
      mkdirSync(home, { mode: 0o700 });
      chownSync(home, nobody, nobody);
    }
    expect(() => prepareHome(home)).toThrow(refuses("E_HOME", /another user \(uid \d+, and you/));
  });

  test("whose name is too long is refused in our words", () => {
    expect(() => prepareHome(join(tempHome(), "x".repeat(300)))).toThrow(
      refuses("E_HOME", /ENAMETOOLONG/),
    );
  });
});

describe("a file in it", () => {
  function emptyHome(): string {
    const home = tempHome();
    prepareHome(home);
    return home;
  }

  test.each([0o000, 0o022, 0o077, 0o777])("is ours alone under a umask of %o", (mask) => {
    const path = join(emptyHome(), "bus.db");
    withUmask(mask, () => prepareFile(path));
    expect(modeOf(path)).toBe(0o600);
  });

  test("that is there keeps what is in it, and is closed to others", () => {
    const path = join(emptyHome(), "bus.db");
    writeFileSync(path, "kept");
    chmodSync(path, 0o644);
    prepareFile(path);
    expect(readFileSync(path, "utf8")).toBe("kept");
    expect(modeOf(path)).toBe(0o600);
    chmodSync(path, 0o444);
    prepareFile(path);
    expect(modeOf(path)).toBe(0o400);
  });

  test("is no link, soft or hard, and no directory", () => {
    const home = emptyHome();
    const elsewhere = join(home, "..", "elsewhere");
    writeFileSync(elsewhere, "theirs");
    symlinkSync(elsewhere, join(home, "soft"));
    symlinkSync(join(home, "nothing"), join(home, "dangling"));
    linkSync(elsewhere, join(home, "hard"));
    mkdirSync(join(home, "directory"));
    for (const name of ["soft", "dangling", "hard", "directory"])
      expect(() => prepareFile(join(home, name))).toThrow(refuses("E_HOME", /is a link/));
    expect(readFileSync(elsewhere, "utf8")).toBe("theirs");
    expect(readdirSync(home)).not.toContain("nothing");
  });

  test.skipIf(!isRoot)("is nobody else's (wants root, to give it away)", () => {
    const path = join(emptyHome(), "bus.db");
    writeFileSync(path, "");
    chownSync(path, nobody, nobody);
    expect(() => prepareFile(path)).toThrow(refuses("E_HOME", /belongs to another user/));
  });

  test("is made although somebody takes it away again and again", async () => {
    const path = join(emptyHome(), "write.lock");
    await whileTakenAway(path, () => {
      for (let n = 0; n < 5_000; n++) prepareFile(path);
    });
  });

  test("that cannot be made is refused in our words", () => {
    expect(() => prepareFile(join(tempHome(), "bus.db"))).toThrow(refuses("E_HOME", /ENOENT/));
  });
});

describe("the table of mounts", () => {
  const mounted = (type: string) =>
    `1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /mnt/c rw - ${type} x rw\n`;

  test.each([
    "9p",
    "drvfs",
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "fuse",
    "fuse.sshfs",
    "fuse.bindfs",
    "fuseblk",
    "virtiofs",
  ])("makes a home on %s unfit", (type) => {
    expect(kindByMount(mounted(type), "/mnt/c/.skep")).toBeDefined();
    expect(kindByMount(mounted(type), "/home/me/.skep")).toBeUndefined();
  });

  test.each(["ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "fusectl", "nfsd"])(
    "has nothing against %s",
    (type) => {
      expect(kindByMount(mounted(type), "/mnt/c/.skep")).toBeUndefined();
    },
  );
});

describe("the file system of this machine", () => {
  test("is fit, for what is there and what is not", () => {
    expect(unsupportedFilesystem(dirname(tempHome()))).toBeUndefined();
    expect(unsupportedFilesystem(join(tempHome(), "a", "b"))).toBeUndefined();
    expect(unsupportedFilesystem("/etc/passwd/x")).toBeUndefined();
  });
});

test.skipIf(lacks("bindfs") || !mayWrite("/dev/fuse"))(
  "a real FUSE file system is refused, for a home in it and for one to be (wants bindfs and /dev/fuse)",
  async () => {
    const point = tempHome();
    const source = `${point}-source`;
    mkdirSync(source);
    mkdirSync(point);
    const mounted = Bun.spawn(["bindfs", "-f", source, point], { stdout: "ignore" });
    try {
      await waitUntil("it is mounted", () =>
        readFileSync("/proc/self/mountinfo", "utf8").includes(` ${point} `),
      );
      expect(unsupportedFilesystem(join(point, "not", "yet"))).toBe("fuse");
      expect(kindByMount(readFileSync("/proc/self/mountinfo", "utf8"), point)).toBe("fuse");
      for (const home of [point, join(point, "home")])
        expect(() => prepareHome(home)).toThrow(refuses("E_FILESYSTEM", /lies on fuse/));
      expect(readdirSync(source)).toEqual([]);
    } finally {
      // It unmounts when it is told to end.
      mounted.kill("SIGTERM");
      await mounted.exited;
    }
  },
);

describe("a home that is not opened yet", () => {
  test("will do when it is ours, or can be made, and nothing is made or changed by asking", () => {
    const there = tempHome();
    mkdirSync(there, { recursive: true, mode: 0o755 });
    const missing = join(there, "not", "yet");
    expect([homeFault(there), homeFault(missing)]).toEqual([undefined, undefined]);
    expect(lstatSync(missing, { throwIfNoEntry: false })).toBeUndefined();
    chmodSync(there, 0o755);
    expect(homeFault(there)).toBeUndefined();
    expect(modeOf(there)).toBe(0o755);
  });
  test("is refused for what opening it would be refused for", () => {
    const place = tempHome();
    mkdirSync(place, { recursive: true });
    const [file, link, shared] = ["file", "link", "shared"].map((name) => join(place, name));
    writeFileSync(file!, "");
    symlinkSync(place, link!);
    mkdirSync(shared!);
    writeFileSync(join(shared!, "something-else"), "");
    chmodSync(shared!, 0o755);
    for (const [path, says] of [
      [file!, /is not a directory/],
      [link!, /is a symbolic link/],
      [shared!, /is open to other users/],
    ] as const) {
      expect(homeFault(path)).toEqual(refuses("E_HOME", says));
      expect(() => prepareHome(path)).toThrow(refuses("E_HOME", says));
    }
    expect(homeFault(join(file!, "below"))).toEqual(refuses("E_HOME", /ENOTDIR/));
  });
  test("has as much room as its disk, there or not", () => {
    const home = tempHome();
    expect(freeBytes(join(home, "not", "yet"))).toBeGreaterThan(0);
  });
});

import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tempDir } from "../helpers/temp-dir.ts";
import {
  checkDisk,
  checkFilesystem,
  checkRoom,
  judgeFilesystem,
  judgeInodes,
  judgeRoom,
  judgeSync,
} from "../../src/doctor/place.ts";

test("a local disk passes; what forgets is warned of; what does not lock fails", () => {
  const on = (type: string, unfit?: string) => judgeFilesystem("/there", unfit, type).verdict;
  expect(on("ext4")).toBe("pass");
  expect(on("btrfs")).toBe("pass");
  for (const type of ["tmpfs", "ramfs", "overlay"]) expect(on(type)).toBe("warn");
  for (const unfit of ["9p", "nfs", "cifs", "drvfs"]) expect(on(unfit, unfit)).toBe("fail");
  expect(judgeFilesystem("/mnt/c/x", "9p", "9p").says).toBe(
    "/mnt/c/x lies on 9p, where SQLite's locks cannot be trusted",
  );
});
test("a disk that takes no page is told as such", () => {
  const directory = tempDir();
  // What is written there finds no room.
  symlinkSync("/dev/full", join(directory, "sync"));
  expect(checkDisk(directory)).toMatchObject({
    verdict: "fail",
    says: `a page cannot be written in ${directory} (ENOSPC)`,
  });
});
test("a disk with no room for a day is warned of, and one with none at all fails", () => {
  const GiB = 2 ** 30;
  expect(judgeRoom(5 * GiB).verdict).toBe("pass");
  expect(judgeRoom(GiB - 1).verdict).toBe("warn");
  expect(judgeRoom(64 * 2 ** 20 - 1).verdict).toBe("fail");
  expect(judgeRoom(0.5 * GiB).says).toBe("0.50 GiB are free");
});
test("inodes count, where they are counted", () => {
  expect(judgeInodes(null).verdict).toBe("pass");
  expect(judgeInodes(100_000).verdict).toBe("pass");
  expect(judgeInodes(9_999).verdict).toBe("warn");
  expect(judgeInodes(99).verdict).toBe("fail");
});
test("a slow disk is warned of", () => {
  expect(judgeSync(4.2)).toMatchObject({
    verdict: "pass",
    says: "the disk has a page after 4.2 ms",
  });
  expect(judgeSync(31).verdict).toBe("warn");
});
test("the disk of this very directory is looked at, and tried", () => {
  const directory = tempDir();
  expect(checkFilesystem(directory).says).toStartWith(`${directory} lies on `);
  expect(checkRoom(tmpdir()).map(({ check }) => check)).toEqual(["disk", "inodes"]);
  expect(checkDisk(directory).says).toMatch(/^the disk has a page after \d+\.\d ms$/);
});

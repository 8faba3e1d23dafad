import { readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { typeByMount } from "../../src/store/mounts.ts";

const table = [
  "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
  "23 22 0:20 / /proc rw - proc proc rw",
  "24 22 0:30 / /mnt/c rw,noatime - 9p C:\\134 rw,aname=drvfs;path=C:\\134",
  "25 22 0:31 / /home/me/with\\040space\\011tab\\134slash rw shared:2 master:1 - nfs4 host:/x rw",
  "26 22 0:32 / /data rw - ext4 /dev/sdb1 rw",
  "27 26 0:33 / /data/cache rw - xfs /dev/sdc1 rw",
  "",
].join("\n");

test.each([
  ["/", "ext4"],
  ["/home/me", "ext4"],
  ["/mnt", "ext4"],
  ["/mnt/c", "9p"],
  ["/mnt/c/Users/me/.skep", "9p"],
  ["/mnt/cc", "ext4"],
  ["/home/me/with space\ttab\\slash/deep", "nfs4"],
  ["/home/me/with space", "ext4"],
  ["/data/x", "ext4"],
  ["/data/cache/x", "xfs"],
])("%p lies on %s", (path, type) => {
  expect(typeByMount(table, path)).toBe(type);
});

test("what is mounted later at the same place covers what was there", () => {
  const later = `${table}28 24 0:34 / /mnt/c rw - tmpfs tmpfs rw\n`;
  expect(typeByMount(later, "/mnt/c/x")).toBe("tmpfs");
  expect(typeByMount(later, "/mnt/x")).toBe("ext4");
});

test("what is mounted later above covers what was mounted below", () => {
  const above = `${table}28 22 0:34 / /mnt rw - tmpfs tmpfs rw\n`;
  expect(typeByMount(above, "/mnt/c/x")).toBe("tmpfs");
  const stacked = `${table}28 26 0:34 / /data rw - fuse.sshfs host: rw\n`;
  expect(typeByMount(stacked, "/data/cache/x")).toBe("fuse.sshfs");
});

test("the order of the lines does not matter, only which mount lies on which", () => {
  const reversed = `28 24 0:34 / /mnt/c rw - tmpfs tmpfs rw\n${table}`;
  expect(typeByMount(reversed, "/mnt/c/x")).toBe("tmpfs");
});

test("a root that is mounted on itself, or on something out of sight, is found", () => {
  expect(typeByMount("1 1 0:2 / / rw - rootfs rootfs rw\n", "/a")).toBe("rootfs");
  expect(typeByMount("90 7 0:2 / / rw - overlay overlay rw\n", "/a")).toBe("overlay");
});

test("a table that shows nothing for a path, or is none, answers nothing", () => {
  expect(typeByMount("90 7 0:2 / /only/this rw - xfs x rw\n", "/a")).toBeUndefined();
  for (const text of ["", "\n\n", "garbage", " - ", "1 2 3 - ", "1 2 3 4 5 - "])
    expect(typeByMount(text, "/a")).toBeUndefined();
});

test.skipIf(process.platform !== "linux")("the kernel's own table is understood", () => {
  const mountinfo = readFileSync("/proc/self/mountinfo", "utf8");
  expect(typeByMount(mountinfo, "/proc/self")).toBe("proc");
  expect(typeByMount(mountinfo, "/sys")).toBe("sysfs");
});

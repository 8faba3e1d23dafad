import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HomeQuestion, findHome, movedHome } from "../../src/config/home.ts";
import { SkepError } from "../../src/core/errors.ts";
import { tempDir } from "../helpers/temp-dir.ts";

/** A tree with `root/project/below`, asked about from `below` unless told otherwise. */
function place(changes: Partial<HomeQuestion> = {}) {
  const root = tempDir();
  const project = join(root, "project");
  const below = join(project, "below");
  const userHome = join(root, "user");
  mkdirSync(below, { recursive: true });
  const find = (more: Partial<HomeQuestion> = {}) =>
    findHome({
      flag: undefined,
      variable: undefined,
      cwd: below,
      userHome,
      create: false,
      unsupported: () => undefined,
      ...changes,
      ...more,
    });
  return { root, project, below, userHome, find };
}

describe("a home that is named", () => {
  test("is --home before SKEP_HOME, from the current directory, and need not exist", () => {
    const { below, project, find } = place();
    expect(find({ flag: "../x", variable: "/y" })).toEqual({
      path: join(project, "x"),
      explicit: true,
      note: undefined,
    });
    expect(find({ variable: "y" }).path).toBe(join(below, "y"));
  });
  test("goes before one that lies near, and stays where it is on an unfit file system", () => {
    const { below, find } = place({ unsupported: () => "9p" });
    mkdirSync(join(below, ".skep"));
    expect(find({ variable: "/mnt/c/h" })).toEqual({
      path: "/mnt/c/h",
      explicit: true,
      note: undefined,
    });
  });
  test("with nothing is a usage error", () => {
    expect(refusal(() => place().find({ flag: "", variable: "/y" })).code).toBe("E_USAGE");
  });
});

describe("a home that nobody named", () => {
  test("is the nearest .skep upwards", () => {
    const { root, project, find } = place();
    mkdirSync(join(root, ".skep"));
    expect(find().path).toBe(join(root, ".skep"));
    mkdirSync(join(project, ".skep"));
    expect(find()).toEqual({ path: join(project, ".skep"), explicit: false, note: undefined });
  });
  test("is not a file that is called .skep", () => {
    const { project, below, find } = place();
    mkdirSync(join(project, ".skep"));
    writeFileSync(join(below, ".skep"), "");
    expect(find().path).toBe(join(project, ".skep"));
  });
  test("is refused where there is none, with what to do", () => {
    const error = refusal(() => place().find());
    expect(error.code).toBe("E_NOT_FOUND");
    expect(error.hint).toMatch(/skep init.*--home/);
  });
  test("is ./.skep for a command that makes one, unless there is one above", () => {
    const { below, project, find } = place({ create: true });
    expect(find()).toEqual({ path: join(below, ".skep"), explicit: false, note: undefined });
    mkdirSync(join(project, ".skep"));
    expect(find().path).toBe(join(project, ".skep"));
  });
  test("is ./.skep for a command that makes one here, whatever lies above", () => {
    const { below, project, find } = place({ create: "here" });
    mkdirSync(join(project, ".skep"));
    expect(find().path).toBe(join(below, ".skep"));
  });
});

describe("a home that nobody named, on an unfit file system", () => {
  const unsupported = (path: string) => (path.includes("project") ? "9p" : undefined);

  test("moves below the user's home, and says so until it is there", () => {
    const { below, userHome, find } = place({ unsupported });
    const moved = movedHome(below, userHome);
    const { path, note } = find({ create: true });
    expect(path).toBe(moved);
    expect(note).toContain("9p");
    expect(note).toContain(moved);
    mkdirSync(moved, { recursive: true });
    expect(find({ create: true })).toEqual({ path: moved, explicit: false, note: undefined });
  });
  test("is found again from the directory and from every one below", () => {
    const { project, below, userHome, find } = place({ unsupported });
    mkdirSync(movedHome(project, userHome), { recursive: true });
    for (const cwd of [project, below])
      expect(find({ cwd }).path).toBe(movedHome(project, userHome));
  });
  test("moves for a .skep directory that came with a clone, too", () => {
    const { project, userHome, find } = place({ unsupported });
    mkdirSync(join(project, ".skep"));
    expect(refusal(() => find()).code).toBe("E_NOT_FOUND");
    const { path, note } = find({ create: true });
    expect(path).toBe(movedHome(project, userHome));
    expect(note).toContain("9p");
  });
  test("does not hide a fit one above", () => {
    const { root, find } = place({ unsupported });
    mkdirSync(join(root, ".skep"));
    expect(find().path).toBe(join(root, ".skep"));
  });
});

describe("the name of a moved home", () => {
  test("tells the directory, and namesakes apart", () => {
    const one = movedHome("/mnt/c/work/census", "/home/u");
    expect(one).toMatch(/^\/home\/u\/\.local\/state\/skep\/census-[0-9a-f]{8}$/);
    expect(movedHome("/mnt/c/work/census", "/home/u")).toBe(one);
    expect(movedHome("/mnt/c/other/census", "/home/u")).not.toBe(one);
  });
  test("is a valid name whatever the directory is called", () => {
    for (const directory of ["/mnt/c/", "/x/…", "/x/.hidden dir", `/x/${"long".repeat(40)}`, "/"]) {
      const name = movedHome(directory, "/h").split("/").at(-1)!;
      expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
    }
  });
});

function refusal(fn: () => unknown): SkepError {
  try {
    fn();
  } catch (error) {
    if (error instanceof SkepError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

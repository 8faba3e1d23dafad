import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { type Desk, type Teller, tellerOf } from "../../src/notify/desktop.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { notice } from "./notices.ts";

/** A desk with these programs, and nothing else. */
function deskWith(programs: string[], more: Partial<Desk> = {}): Desk {
  const PATH = tempDir();
  for (const name of programs) {
    writeFileSync(join(PATH, name), "#!/bin/sh\n");
    chmodSync(join(PATH, name), 0o700);
  }
  const { env, ...others } = more;
  return { platform: "linux", isWsl: false, env: { PATH, ...env }, ...others };
}

const bus = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/1000/bus" };
const programOf = (desk: Desk) => {
  const teller = tellerOf(desk);
  return "why" in teller ? teller.why : teller.program;
};

test("each desktop is told by what it has, and where it has nothing it is said what is missing", () => {
  expect(programOf(deskWith(["notify-send"], { env: bus }))).toBe("notify-send");
  const runtime = tempDir();
  writeFileSync(join(runtime, "bus"), "");
  const env = { XDG_RUNTIME_DIR: runtime };
  expect(programOf(deskWith(["notify-send"], { env }))).toBe("notify-send");
  expect(programOf(deskWith(["notify-send"]))).toContain("no session bus");
  expect(programOf(deskWith([], { env: bus }))).toBe("there is no notify-send here");
  expect(programOf(deskWith(["osascript"], { platform: "darwin" }))).toBe("osascript");
  expect(programOf(deskWith(["notify-send"], { platform: "freebsd", env: bus }))).toBe(
    "there is no program for it here",
  );
  const windows = ["powershell.exe", "notify-send"];
  expect(programOf(deskWith(windows, { isWsl: true }))).toBe("powershell.exe");
  expect(programOf(deskWith([...windows, "wsl-notify-send.exe"], { isWsl: true }))).toBe(
    "wsl-notify-send.exe",
  );
  expect(programOf(deskWith([], { isWsl: true }))).toBe(
    "there is no wsl-notify-send.exe, no powershell.exe, no notify-send here",
  );
});

test("what is told is an argument of its own or read, whatever it is, and part of no script", () => {
  const wild = notice({
    rule: "-e",
    subject: "--x$(id)",
    about: "\"'; do shell script <b>&\u0007ü",
  });
  const call = (desk: Desk) => (tellerOf(desk) as Teller).call(wild);
  const linux = call(deskWith(["notify-send"], { env: bus }));
  expect(linux.command.slice(-3)).toEqual([
    "--",
    "skep: -e (warning)",
    "--x$(id): \"'; do shell script &lt;b&gt;&amp;\\u0007ü",
  ]);
  const mac = call(deskWith(["osascript"], { platform: "darwin" }));
  expect(mac.command.slice(0, -2).join(" ")).not.toContain("$(id)");
  expect(mac.command.at(-1)).toBe("--x$(id): \"'; do shell script <b>&\\u0007ü");
  const shell = call(deskWith(["powershell.exe"], { isWsl: true }));
  expect(shell.command).toEqual(
    (tellerOf(deskWith(["powershell.exe"], { isWsl: true })) as Teller).call(notice()).command,
  );
  expect(shell.input).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(shell.input).text).toBe(mac.command.at(-1)!);
});

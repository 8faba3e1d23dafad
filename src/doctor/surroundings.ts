// What else there is: the doorbell's way through the machine, its clocks, what keeps services, the terminal.
import { existsSync } from "node:fs";
import { createSocket } from "node:dgram";
import { elapsedMs, offsetBetween, sleep, systemClock } from "../core/clock.ts";
import { isWsl } from "../core/wsl.ts";
import { type Finding, fail, pass, warn } from "./finding.ts";

const answerMs = 1_000;

/** Whether a datagram to this machine itself arrives: doorbells go that way. */
export async function checkLoopback(): Promise<Finding> {
  const socket = createSocket("udp4");
  const start = elapsedMs();
  const arrived = new Promise<boolean>((resolve) => {
    socket.once("message", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.bind(0, "127.0.0.1", () => {
      socket.send("x", socket.address().port, "127.0.0.1");
    });
  });
  const late = new AbortController();
  const isThere = await Promise.race([arrived, sleep(answerMs, late.signal).then(() => false)]);
  late.abort();
  socket.close();
  return judgeLoopback(isThere, elapsedMs() - start);
}

/** A datagram to 127.0.0.1 that arrived after `ms`, or did not. */
export function judgeLoopback(arrived: boolean, ms: number): Finding {
  if (arrived) return pass("loopback", `a datagram arrives after ${ms.toFixed(1)} ms`);
  return warn(
    "loopback",
    "datagrams to 127.0.0.1 do not arrive, so whoever waits for messages looks only now and then",
    "Let programs talk to 127.0.0.1 over UDP in the firewall or the container.",
  );
}

const watchMs = 200;
const stepMaxMs = 100;
// Whoever thinks it is earlier than the first release of skep is wrong.
const firstReleaseMs = 1_767_225_600_000;

/** Whether the clock on the wall goes, and as fast as the one that only counts. */
export async function checkClock(): Promise<Finding> {
  const clock = systemClock();
  const ahead = () => offsetBetween(clock.tick, clock.now);
  const before = ahead();
  await sleep(watchMs);
  return judgeClock(clock.now(), ahead() - before);
}

/** A wall clock that shows `now` (ms since 1970), and went `stepMs` more than the monotonic one meanwhile. */
export function judgeClock(now: number, stepMs: number): Finding {
  const fix =
    "Set the clock, and keep it set (systemd-timesyncd, chrony; wsl --shutdown under WSL).";
  if (now < firstReleaseMs) return fail("clock", "the clock is years slow", fix);
  if (Math.abs(stepMs) > stepMaxMs)
    return warn("clock", `the clock jumped by ${Math.round(stepMs)} ms just now`, fix);
  return pass("clock", "the clock goes");
}

/** What of this system matters besides. */
export interface System {
  platform: string;
  wsl: boolean;
  systemd: boolean;
  cgroup2: boolean;
}

/** What keeps services here, and what holds processes together. */
export function checkSystem(): Finding[] {
  return judgeSystem({
    platform: process.platform,
    wsl: isWsl(),
    systemd: existsSync("/run/systemd/system"),
    cgroup2: existsSync("/sys/fs/cgroup/cgroup.controllers"),
  });
}

/** A system that is like this. */
export function judgeSystem({ platform, wsl, systemd, cgroup2 }: System): Finding[] {
  const system =
    platform === "linux"
      ? pass("system", wsl ? "Linux, under WSL" : "Linux")
      : warn(
          "system",
          platform,
          "Orphans of killed agents are only found on Linux; look for leftovers with ps.",
        );
  if (wsl && !systemd)
    return [
      system,
      warn(
        "services",
        "no systemd: WSL may stop the machine with its last terminal, and the swarm with it",
        "Set systemd=true under [boot] in /etc/wsl.conf, or leave a terminal open.",
      ),
    ];
  const has = [systemd ? "systemd" : "no systemd", cgroup2 ? "cgroup v2" : "no cgroup v2"];
  return [system, pass("services", has.join(", "))];
}

/** The terminal that the command writes to, where it is one. */
export function judgeTerminal(isTerminal: boolean, columns: number | undefined): Finding {
  if (!isTerminal) return pass("terminal", "none: output is plain text");
  if (columns !== undefined && columns > 0 && columns < 80)
    return warn("terminal", `${columns} columns`, "Make it 80 wide, so that tables fit.");
  return pass("terminal", columns === undefined ? "there is one" : `${columns} columns`);
}

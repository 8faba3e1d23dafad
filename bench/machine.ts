// What the figures were measured on: without it they mean nothing.
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

export interface Machine {
  date: string;
  cores: number;
  processor: string;
  memoryGiB: number;
  system: string;
  kernel: string;
  bun: string;
  sqlite: string;
  /** How many processes wanted to run in the last minute, before we began. */
  load: number;
}

/** This machine, now. */
export function describeMachine(): Machine {
  const { version } = new Database(":memory:")
    .query("select sqlite_version() as version")
    .get() as { version: string };
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()} (${arch()})`,
    kernel: release().split("-")[0]!,
    bun: Bun.version,
    sqlite: version,
    load: Math.round(loadavg()[0]! * 10) / 10,
  };
}

function systemName(): string {
  try {
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
    return name ?? process.platform;
  } catch {
    return process.platform;
  }
}

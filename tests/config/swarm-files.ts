// Swarm files for tests, in a directory with what they may name.
import type { EnvironmentRule } from "../../src/config/environment.ts";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "bun:test";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import type { AgentSpec, Swarm } from "../../src/config/swarm.ts";
import { SkepError } from "../../src/core/errors.ts";
import { tempDir } from "../helpers/temp-dir.ts";

/** A directory with a swarm file of that kind in it, and beside it what the file may name. */
export function written(text: string | Uint8Array, kind = "toml") {
  const directory = tempDir();
  mkdirSync(join(directory, "sub"));
  writeFileSync(join(directory, "worker.sh"), "#!/bin/sh\n", { mode: 0o755 });
  for (const name of ["plain.sh", "handler.ts"]) writeFileSync(join(directory, name), "");
  const file = join(directory, `swarm.${kind}`);
  writeFileSync(file, text);
  return { directory, file };
}

/** The swarm that `text` describes. */
export function read(text: string | Uint8Array, kind?: string): Promise<Swarm> {
  return readSwarmFile(written(text, kind).file);
}

/** The first agent of a group `a` with these lines in it. */
export async function readAgent(lines: string): Promise<AgentSpec> {
  const { agents } = await read(`name = "s"\n[agents.a]\n${lines}`);
  return agents[0]!;
}

/** The E_CONFIG error that `promise` ends with. */
export async function refusal(promise: Promise<unknown>): Promise<SkepError> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    expect(error.code).toBe("E_CONFIG");
    return error;
  }
  throw new Error("nothing was refused");
}

/** What is wrong with the file of `text`, one sentence each, without the name of the file. */
export async function mistakesIn(text: string, kind?: string): Promise<string[]> {
  const { file } = written(text, kind);
  const { mistakes = [] } = await refusal(readSwarmFile(file));
  return mistakes.map(({ message }) => message.replace(file, ""));
}

/** What `rules` say, with what they keep from everybody else. */
export function revealed(rules: readonly EnvironmentRule[]): unknown[] {
  return rules.map((rule) =>
    typeof rule === "string"
      ? rule
      : Object.fromEntries(Object.entries(rule).map(([name, value]) => [name, value.reveal()])),
  );
}

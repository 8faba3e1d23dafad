// `skep config render`: the files of a deployment, from what is configured here.
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { ownCommand } from "../agents/executable.ts";
import { writtenRules } from "../config/alert-rules.ts";
import { needsOf, plainAgents } from "../config/capacity.ts";
import { defaultRules } from "../config/environment.ts";
import { rangeOf } from "../config/explain.ts";
import { faultOf } from "../config/faults.ts";
import { namedFiles } from "../config/named-files.ts";
import { passedKeys } from "../config/passed-keys.ts";
import type { Resolution } from "../config/resolve.ts";
import { isSecret } from "../config/schema/setting.ts";
import { allSettings } from "../config/setting-names.ts";
import { writeValue } from "../config/setting-rules.ts";
import type { Settings } from "../config/settings.ts";
import { readSwarmFile, usualFile } from "../config/swarm-file.ts";
import type { Swarm } from "../config/swarm.ts";
import { SkepError } from "../core/errors.ts";
import type { Deployment } from "../export/deploy/deployment.ts";
import { resolveHere } from "./config-show.ts";
import type { Context } from "./context.ts";
import { misfits } from "./misfits.ts";
import { agentSearchPath } from "./search-path.ts";

/** What can be rendered: what it is for people, and what makes its text. */
export const renderings = {
  docker: async () => (await import("../export/deploy/docker.ts")).dockerfile,
  compose: async () => (await import("../export/deploy/compose.ts")).compose,
  k8s: async () => (await import("../export/deploy/kubernetes.ts")).kubernetes,
  systemd: async () => (await import("../export/deploy/systemd.ts")).systemdUnit,
  env: async () => (await import("../export/deploy/env.ts")).envFile,
  devcontainer: async () => (await import("../export/deploy/devcontainer.ts")).devcontainer,
} as const satisfies Record<
  string,
  () => Promise<(deployment: Deployment, replicas: number) => string>
>;

// Those that say what to run; without a swarm they would run nothing.
const startsSwarm: readonly string[] = ["docker", "compose", "k8s", "systemd"];

/** Prints the file `name` for the configuration of `context` and the swarm of `file`. E_USAGE for a file that there is none of, or that cannot be had so; E_CONFIG when what is configured does not fit, or there is no swarm to be started. */
export async function render(
  context: Context,
  name: string | undefined,
  { file, agents, replicas }: RenderOptions,
): Promise<void> {
  if (name === undefined || !(name in renderings))
    throw new SkepError(
      "E_USAGE",
      name === undefined ? "render what?" : `there is no file ${JSON.stringify(name)}`,
      {
        hint: `skep config render ${Object.keys(renderings).join("|")}`,
      },
    );
  if (replicas !== undefined && name !== "k8s")
    throw new SkepError("E_USAGE", `--replicas goes with k8s, and not with ${name}`, {
      hint: "One home is one swarm: leave it out.",
    });
  const resolution = await resolveHere(context);
  if (resolution.mistakes.length > 0) throw faultOf(resolution.mistakes, "the settings have");
  const swarm = await swarmFor(context, name, file, resolution.settings);
  const home = await context.home();
  if (writtenRules(resolution.settings.alertRules).length > 0)
    context.say(
      "skep: the rules of [alerts.rules] are in no variable: they come along in skep.toml, in the home",
    );
  const text = (await renderings[name as keyof typeof renderings]())(
    deploymentOf(resolution, home, swarm, agents),
    replicas ?? 1,
  );
  await context.data(text.trimEnd());
}

interface RenderOptions {
  /** The swarm file, where it is not called as usual. */
  file?: string | undefined;
  /** For how many agents, whatever the swarm file says. */
  agents: number | undefined;
  replicas: number | undefined;
}

/** The swarm that is to be deployed; undefined where nobody named a file, there is none as usual, and the file `name` can do without. */
async function swarmFor(
  context: Context,
  name: string,
  file: string | undefined,
  { agents: { countMax } }: Settings,
): Promise<Swarm | undefined> {
  if (file === undefined && !existsSync(usualFile) && !startsSwarm.includes(name)) {
    context.say(`skep: there is no ${usualFile} here: what its agents are passed on is not named`);
    return undefined;
  }
  // Where it is to run in an image, that has programs of its own.
  const searchPath = name === "systemd" ? agentSearchPath : undefined;
  return await readSwarmFile(file ?? usualFile, { countMax, misfits, searchPath });
}

// What the profiles are for.
const agentsOf: Readonly<Record<string, number>> = { dev: 10, staging: 100, prod: 500 };
const usualAgents = 100;
// What a stop takes besides: the swarm is told, and the log is put away.
const aroundMs = 2_000;

function deploymentOf(
  { chosen, settings }: Resolution,
  home: string,
  swarm: Swarm | undefined,
  given: number | undefined,
): Deployment {
  const plain = given ?? agentsOf[String(chosen.get("profile")!.value)] ?? usualAgents;
  const isAsInFile = swarm !== undefined && given === undefined;
  const needs = needsOf(isAsInFile ? swarm.agents : plainAgents(plain, 0), settings);
  const file = swarm?.file ?? resolve(usualFile);
  const { drainTimeoutMs, stopGraceMs } = settings.agents;
  const lines = allSettings.map((named) => {
    const { value, origin } = chosen.get(named.key)!;
    return {
      variable: named.variable,
      value: writeValue(named, value),
      remark: `${named.setting.purpose} ${rangeOf(named.setting)}`,
      chosen: origin !== "default" && origin !== "profile",
    };
  });
  // An address or a header may have a password in it, or a token.
  const secrets = allSettings
    .filter(
      ({ key, setting }) =>
        isSecret(setting) && !["", "none"].includes(String(chosen.get(key)!.value)),
    )
    .map(({ variable }) => variable);
  const graces = swarm?.agents.map((agent) => agent.stopGraceMs ?? stopGraceMs) ?? [stopGraceMs];
  return {
    name: nameOf(swarm?.name ?? basename(dirname(resolve(home)))),
    version,
    agents: needs.agents,
    needs,
    downMs: drainTimeoutMs + Math.max(...graces) + aroundMs,
    settings: lines.filter(({ variable }) => !secrets.includes(variable)),
    keys: [
      ...passedKeys(swarm?.agents ?? []),
      ...secrets.map((variable) => ({ variable, groups: ["the supervisor"] })),
    ],
    file: basename(file),
    files: swarm === undefined ? [] : namedFiles(swarm),
    here: {
      skep: ownCommand(),
      file,
      home: resolve(home),
      searchPath: agentSearchPath(defaultRules),
    },
  };
}

/** A name as containers and services may be called; `swarm` where nothing of it is left, and before a digit. */
function nameOf(given: string): string {
  const name = given
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  // A service of Kubernetes begins with a letter (DNS-1035).
  if (name === "") return "swarm";
  return /^[0-9]/.test(name) ? `swarm-${name}` : name;
}

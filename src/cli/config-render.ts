// `skep config render`: the files of a deployment, from what is configured here.
import { dirname, join, resolve } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { ownCommand } from "../agents/executable.ts";
import { costOf } from "../config/cost.ts";
import { rangeOf } from "../config/explain.ts";
import { faultOf } from "../config/faults.ts";
import type { Resolution } from "../config/resolve.ts";
import { allSettings } from "../config/setting-names.ts";
import { writeValue } from "../config/setting-rules.ts";
import { SkepError } from "../core/errors.ts";
import type { Deployment } from "../export/deploy/deployment.ts";
import { resolveHere } from "./config-show.ts";
import type { Context } from "./context.ts";

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

/** Prints the file `name` for the configuration of `context`. E_USAGE for a file that there is none of, or that cannot be had so; E_CONFIG when what is configured does not fit. */
export async function render(
  context: Context,
  name: string | undefined,
  { agents, replicas }: { agents: number | undefined; replicas: number },
): Promise<void> {
  if (name === undefined || !(name in renderings))
    throw new SkepError(
      "E_USAGE",
      name === undefined ? "render what?" : `there is no file ${JSON.stringify(name)}`,
      {
        hint: `skep config render ${Object.keys(renderings).join("|")}`,
      },
    );
  const resolution = await resolveHere(context);
  if (resolution.mistakes.length > 0) throw faultOf(resolution.mistakes, "the settings have");
  const home = await context.home();
  const text = (await renderings[name as keyof typeof renderings]())(
    deploymentOf(resolution, home, agents),
    replicas,
  );
  await context.data(text.trimEnd());
}

// What the profiles are for.
const agentsOf: Readonly<Record<string, number>> = { dev: 10, staging: 100, prod: 500 };
const usualAgents = 100;
// What a stop takes besides: the swarm is told, and the log is put away.
const aroundMs = 2_000;

function deploymentOf(
  { chosen, settings }: Resolution,
  home: string,
  given: number | undefined,
): Deployment {
  const agents = given ?? agentsOf[String(chosen.get("profile")!.value)] ?? usualAgents;
  const directory = dirname(resolve(home));
  const { drainTimeoutMs, stopGraceMs } = settings.agents;
  return {
    name: nameOf(directory),
    version,
    agents,
    cost: costOf(agents),
    downMs: drainTimeoutMs + stopGraceMs + aroundMs,
    settings: allSettings.map((named) => {
      const { value, origin } = chosen.get(named.key)!;
      return {
        variable: named.variable,
        value: writeValue(named, value),
        remark: `${named.setting.purpose} ${rangeOf(named.setting)}`,
        chosen: origin !== "default" && origin !== "profile",
      };
    }),
    here: {
      skep: resolve(ownCommand()[0]!),
      file: join(directory, "skep.swarm.toml"),
      home: resolve(home),
    },
  };
}

/** The directory's name as containers may be called; `swarm` where nothing of it is left. */
function nameOf(directory: string): string {
  const name = directory
    .slice(directory.lastIndexOf("/") + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return name === "" ? "swarm" : name;
}

// `skep up`: runs a swarm under a process that outlives its supervisor; or makes one that runs what its file says now.
import { type Detaching, detach } from "../../agents/detach.ts";
import { beginAgain, fewThreads, ownCommand } from "../../agents/executable.ts";
import { guard } from "../../agents/guardian.ts";
import { logPath } from "../../agents/log.ts";
import { arrange } from "../../agents/topology.ts";
import { takeTurn } from "../../agents/turn.ts";
import type { App } from "../../app.ts";
import { flagVariables, ownEnvironment } from "../../config/environment.ts";
import { makeKeep } from "../../config/applied-swarm.ts";
import { readSwarmFile, usualFile } from "../../config/swarm-file.ts";
import { SkepError } from "../../core/errors.ts";
import { swarmLogName } from "../../core/names.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { open } from "../open.ts";
import { misfits } from "../misfits.ts";
import { sayDone } from "../order.ts";
import { awaitSupervisor } from "../patience.ts";
import { agentSearchPath } from "../search-path.ts";
import { planJson, planText } from "../swarm-plan.ts";

export default defineCommand({
  name: "up",
  summary: "run the agents of a swarm file, or apply the file to a swarm that runs",
  notes: [
    "Ctrl-C drains: nothing new is claimed, what is in hand is finished, the rest is parked for the next up.",
    "A second Ctrl-C skips the waiting, a third leaves at once. Exit 8 when all agents ended by themselves and one of them failed or died.",
    "With --detach it is also 8 when some agents could not be started, as where files run out; the others go on.",
    "An agent that fails starts again, up to 3 times a minute; so does the supervisor when it is killed.",
    "When the swarm runs already, what changed in the file starts anew, what is new starts, what is gone stops.",
  ],
  args: {
    file: {
      type: "positional",
      description: `the swarm file (default ${usualFile})`,
      required: false,
    },
    check: {
      type: "boolean",
      description: "say what would run, or all that is wrong with the file, and start nothing",
    },
    detach: {
      type: "boolean",
      alias: "d",
      description: "leave it running, and come back when its agents are ready",
    },
    metricsPort: {
      type: "whole",
      least: 0,
      most: 65_535,
      valueHint: "N",
      description: "answer Prometheus at this port of 127.0.0.1 (metrics.port); 0 for none",
    },
  },
  examples: [
    ["skep up swarm.toml", "run it here"],
    ["skep up swarm.toml --check", "is the file right, and what would run?"],
    ["skep up swarm.toml --detach", "run it in the background; skep down stops it"],
  ],
  createsHome: true,
  async run(context, { file = usualFile, check, detach: isDetached, metricsPort }) {
    const { countMax } = (await context.settings()).agents;
    const swarm = await readSwarmFile(file, { searchPath: agentSearchPath, countMax, misfits });
    const shape = arrange(swarm.agents, swarm.topology);
    if (check) return context.data(context.json ? planJson(swarm, shape) : planText(swarm, shape));
    const env = {
      ...thriftyEnvironment(),
      // Its supervisor and its hosts are to see what flags say here.
      ...flagVariables([
        ...context.choices.flags,
        ...(metricsPort === undefined ? [] : [`metrics.port=${metricsPort}`]),
      ]),
    };
    const app = await open(context);
    const logFile = logPath(app.home, swarmLogName);
    const giveUpTurn = isDetached ? await takeTurn(logFile, context.signal) : () => {};
    if (await app.isUp(swarm.name)) {
      giveUpTurn();
      if (metricsPort !== undefined)
        context.say("skep: the swarm is up, and keeps its metrics where they are");
      const wish = { verb: "apply", subject: swarm.file } as const;
      const applying = app.order(wish, context.signal);
      return await sayDone(context, await awaitSupervisor(context, app, applying));
    }
    if (swarm.topology === "auto")
      context.say(`${swarm.name}: ${shape.topology}, for ${shape.why}`);
    const flags = await flagsOf(context);
    if (isDetached)
      return await upDetached(context, app, {
        logPath: logFile,
        command: [...ownCommand(), "up", swarm.file, ...flags],
        env,
        onBegun: giveUpTurn,
      });
    await app.close();
    const keep = makeKeep();
    const supervisor = [
      "supervise",
      swarm.file,
      "--guardian",
      String(process.pid),
      ...(keep === undefined ? [] : ["--applied", keep]),
      ...flags,
    ];
    return await guard({
      supervisor: (again) => ({
        command: [...ownCommand(), ...supervisor, ...(again ? ["--again"] : [])],
        env,
      }),
      finish: (gaveUp) => ({
        command: [...ownCommand(), "reap", ...flags, "--quiet", "--because", gaveUp],
        env,
      }),
      stopGraceMs: app.settings.agents.stopGraceMs,
      say: context.say,
      signal: context.signal,
      urgent: context.urgent,
    });
  },
});

/** The environment of the processes that have to outlive all others. This is one of them; detached, it waits while the others take what processes there are. */
function thriftyEnvironment(): Record<string, string> {
  const own = ownEnvironment();
  const env = { ...own, ...fewThreads };
  const isThrifty = Object.entries(fewThreads).every(([name, value]) => own[name] === value);
  if (!isThrifty) beginAgain(process.argv.slice(2), env);
  return env;
}

async function upDetached(
  context: Context,
  { store, clock }: App,
  swarm: Pick<Detaching, "logPath" | "command" | "env" | "onBegun">,
): Promise<void> {
  const { isWsl } = await import("../../core/wsl.ts");
  const onProgress = (ready: number, all: number) =>
    context.say(`${ready} of ${all} agents are ready`);
  const { unstarted, ...begun } = await detach({
    store,
    clock,
    ...swarm,
    onProgress,
    signal: context.signal,
  });
  if (begun.pid !== null && isWsl())
    context.say(
      "skep: WSL may stop the machine, and the swarm with it, when its last terminal closes; leave one open",
    );
  const states = Object.entries(begun.agents).map(([state, count]) => `${count} ${state}`);
  const how = begun.pid === null ? "has ended" : `is up under process ${begun.pid}`;
  const text = `run ${begun.run} ${how}: ${states.join(", ")}`;
  await context.data(context.json ? JSON.stringify({ ...begun, log: swarm.logPath }) : text);
  if (!context.json) context.say(`its words go to ${swarm.logPath}`);
  if (unstarted !== undefined)
    throw new SkepError(
      "E_FAILED",
      `${unstarted.count} agents could not be started: ${unstarted.reason}`,
      { hint: "The others go on; skep ps tells of each, skep down stops them." },
    );
}

/** The flags that every command has, for another command of ours. */
async function flagsOf(context: Context): Promise<string[]> {
  return [
    "--home",
    await context.home(),
    ...(context.json ? ["--json"] : []),
    ...(context.quiet ? ["--quiet"] : []),
  ];
}

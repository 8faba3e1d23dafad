// `skep supervise`: the supervisor of a swarm. `skep up` starts it, and starts it again when it is killed; people do not.
import type { App } from "../../app.ts";
import { readApplied } from "../../config/applied-swarm.ts";
import { readSwarmFile } from "../../config/swarm-file.ts";
import { isSkepError } from "../../core/errors.ts";
import type { Serving } from "../../export/serve.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { decisionText } from "../governor.ts";
import { open } from "../open.ts";
import { sayUntold } from "../untold.ts";
import { pushSentence } from "../push-sentence.ts";
import { summaryJson, summaryText } from "../summary.ts";

export default defineCommand({
  name: "supervise",
  summary: "run the agents of a swarm file under the process that called it",
  args: {
    file: { type: "positional", description: "the swarm file" },
    guardian: {
      type: "whole",
      least: 1,
      most: 2 ** 31,
      required: true,
      valueHint: "PID",
      description: "that process",
    },
    again: { type: "boolean", description: "it was killed, and goes on" },
    applied: {
      type: "string",
      valueHint: "FILE",
      description: "where that process keeps the swarm as it was last applied",
    },
  },
  createsHome: true,
  async run(context, { file, guardian, again, applied }) {
    const { countMax } = (await context.settings()).agents;
    const swarm =
      (again ? await readApplied(applied, file, { countMax }) : undefined) ??
      (await readSwarmFile(file, { countMax }));
    const app = await open(context);
    const orphaned = new AbortController();
    const signal = AbortSignal.any([context.signal, orphaned.signal]);
    // The pipe ends when the guardian does, however it ended: nobody would clean up behind us, so we do it while we can.
    void untilOrphaned(context).then(() => {
      if (context.signal.aborted) return;
      context.say(`${swarm.name}: ${guardianGone}`);
      orphaned.abort(guardianGone);
    });
    tellOf(app.events, context);
    sayUntold(app.events, context);
    const tell = (when: AbortSignal, what: string) =>
      when.addEventListener("abort", () => context.say(`${swarm.name}: ${what}`), { once: true });
    tell(signal, "draining; once more skips the waiting");
    tell(context.urgent, "waiting no longer; once more leaves at once");
    const how = { signal, urgent: context.urgent, guardianPid: guardian, again, applied };
    const serving = await serve(context, app, { name: swarm.name, again });
    const over = new AbortController();
    const pushing = push(app, over.signal, context.urgent);
    const summary = await app.runSwarm(swarm, how);
    over.abort();
    await pushing;
    serving?.close();
    if (summary.gaveUp !== null) context.say(`${swarm.name} gave up: ${summary.gaveUp}`);
    await context.data(context.json ? summaryJson(summary) : summaryText(summary));
    await app.close();
    if (!summary.conservation.holds) return 1;
    if (summary.stopAsked) return 0;
    if (signal.aborted) return undefined;
    if (summary.gaveUp !== null) return 8;
    return summary.agents.failed + summary.agents.dead > 0 ? 8 : 0;
  },
});

/** Answers Prometheus where it is set. A port that is taken keeps no swarm from going on, only one from starting. */
async function serve(
  context: Context,
  app: App,
  { name, again }: { name: string; again: boolean },
): Promise<Serving | undefined> {
  const { port } = app.settings.metrics;
  if (port === 0) return undefined;
  const { serveMetrics } = await import("../../export/serve.ts");
  const { readSnapshot } = await import("../../app/exposition.ts");
  const { familiesOf } = await import("../../export/prometheus.ts");
  try {
    const serving = await serveMetrics(port, async () => familiesOf(await readSnapshot(app)));
    context.say(`${name}: metrics at http://127.0.0.1:${serving.port}/metrics`);
    return serving;
  } catch (error) {
    if (!again || !isSkepError(error)) throw error;
    context.say(`${name}: ${error.message}; it goes on without`);
    return undefined;
  }
}

/** Pushes metrics where it is set, until `over` aborts and then once more. */
async function push(app: App, over: AbortSignal, urgent: AbortSignal): Promise<void> {
  if (app.settings.export.otlpEndpoint === "none") return;
  const { pushMetrics } = await import("../../app/push.ts");
  await pushMetrics(app, over, urgent);
}

const guardianGone = "its guardian is gone";

async function untilOrphaned(context: Context): Promise<void> {
  for await (const _ of context.readLines(1_000)) continue;
}

type Events = Awaited<ReturnType<typeof open>>["events"];

/** Tells a person what happens to the agents. */
function tellOf(events: Events, context: Context): void {
  const also = (killed: number) => (killed > 0 ? `; ${killed} of its processes killed` : "");
  events.on("agent.said", ({ name, text }) => context.say(`${name}: ${text.trimEnd()}`));
  events.on("agent.restarting", ({ name, reason, killed }) =>
    context.say(`${name} ${reason}${also(killed)}`),
  );
  events.on("agent.ended", ({ name, state, reason, killed }) => {
    if (state === "failed") context.say(`${name} failed: ${reason}${also(killed)}`);
    if (state === "dead") context.say(`${name} died: ${reason}${also(killed)}`);
  });
  events.on("metrics.pushed", ({ isNew, ...pushed }) => {
    if (isNew) context.say(pushSentence(pushed));
  });
  events.on("swarm.handover", ({ from, to, moved }) =>
    context.say(
      `${to} takes over from ${from}: its workers, and ${moved} ${moved === 1 ? "message" : "messages"}`,
    ),
  );
  events.on("swarm.governed", (decision) => context.say(decisionText(decision)));
  events.on("swarm.started", ({ swarm, agents, home }) =>
    context.say(`${swarm}: starting ${agents} ${agents === 1 ? "agent" : "agents"} in ${home}`),
  );
}

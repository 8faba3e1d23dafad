// `skep alerts watch`: looks for what is wrong where no supervisor does.
import { openShelter } from "../agents/strays.ts";
import { noticeOf, openAlerts } from "../app/alerts.ts";
import { openNotifier } from "../app/notify.ts";
import type { App } from "../app.ts";
import { isoTime, sleep } from "../core/clock.ts";
import { SkepError, isSkepError } from "../core/errors.ts";
import { openGrowth } from "../metrics/alerts/growth.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";
import { sayUntold } from "./untold.ts";

const leastMs = 100;

/** Looks until a signal comes, and prints what begins and what is over. E_RUNNING when a supervisor does so. */
export async function watch(context: Context): Promise<void> {
  const app = await open(context);
  const { alerts } = app.settings;
  sayUntold(app.events, context);
  const notifier = openNotifier(app, openShelter());
  try {
    const evaluation = openAlerts({ ...app, growth: openGrowth(alerts), notifier });
    context.say("looking for what is wrong; Ctrl-C ends it");
    await look(context, app, evaluation);
  } finally {
    await notifier.end();
  }
}

async function look(context: Context, app: App, evaluation: Evaluation): Promise<void> {
  while (!context.signal.aborted) {
    const run = await app.lastRun();
    if (run?.alive)
      throw new SkepError("E_RUNNING", `the supervisor of ${run.swarm} looks already`, {
        hint: "skep alerts lists what is wrong; skep subscribe alerts INBOX has it come to an inbox.",
      });
    for (const told of await passUnlessBusy(evaluation)) {
      const line = noticeOf(told);
      const { at, severity, rule, subject, state, about } = line;
      const text = [isoTime(at), severity, rule, subject, state, about].join("  ");
      await context.data(context.json ? JSON.stringify(line) : text);
    }
    await sleep(Math.max(leastMs, app.settings.alerts.evaluateEveryMs), context.signal);
  }
}

type Evaluation = ReturnType<typeof openAlerts>;

async function passUnlessBusy(evaluation: Evaluation) {
  try {
    return await evaluation.pass();
  } catch (error) {
    if (!isSkepError(error, "E_BUSY")) throw error;
    return [];
  }
}

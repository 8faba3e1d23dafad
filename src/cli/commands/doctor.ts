// `skep doctor`: whether a swarm can run here, check by check, and what to do where it cannot.
import { ownCommand } from "../../agents/executable.ts";
import { runtimeDriver } from "../../app.ts";
import { plannedChannels } from "../../app/notify.ts";
import { agentEnvironment, settingVariables } from "../../config/environment.ts";
import { defaults } from "../../config/settings.ts";
import { isSkepError } from "../../core/errors.ts";
import { printable } from "../../core/text.ts";
import { judgeTellings } from "../../doctor/tellings.ts";
import { examine } from "../../doctor/examine.ts";
import { type Finding, fail, worstOf } from "../../doctor/finding.ts";
import { mend } from "../../doctor/mend.ts";
import { decisionOn, runQuickSwarm } from "../../doctor/quick-swarm.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { open } from "../open.ts";
import { isTerminal } from "../terminal.ts";

export default defineCommand({
  name: "doctor",
  summary: "say whether a swarm can run here, and what to do where it cannot",
  notes: [
    "Each line passes, warns or fails. Exits 8 when one fails. It changes nothing, unless told to --fix.",
    "--fix makes the home where there is none, closes it to other users, and ends what a dead supervisor left.",
    "--quick-swarm also has 20 agents work for 5 s in a home of their own, and says GO, CONDITIONAL or NO-GO.",
  ],
  args: {
    agents: {
      type: "whole",
      least: 1,
      most: 10_000,
      valueHint: "N",
      default: "100",
      description: "how many agents there are to be",
    },
    fix: { type: "boolean", description: "mend what can be mended without a risk" },
    quickSwarm: { type: "boolean", description: "run a small swarm as well" },
  },
  examples: [
    ["skep doctor", "can 100 agents run here?"],
    ["skep doctor --quick-swarm", "do they?"],
  ],
  createsHome: true,
  async run(context, { agents, fix, quickSwarm }) {
    const home = await context.home();
    const env = { ...agentEnvironment(), ...settingVariables() };
    const wrongSettings = await settingsOf(context);
    const opened = async () => {
      // What is wrong with the settings is told once, and is no fault of the database.
      const settings = wrongSettings === undefined ? undefined : defaults;
      const { store, clock, lastRun } = await open(context, { look: true, settings });
      return { store, now: clock.now, lastRun };
    };
    const reap = async () => {
      const app = await open(context);
      const run = await app.lastRun();
      return run?.alive || run?.returns ? undefined : app.reapSwarm();
    };
    const { done: mended, stopped } = fix
      ? await mend(home, reap)
      : { done: [], stopped: undefined };
    for (const what of mended) context.say(`mended: ${what}`);
    const findings = await examine({
      home,
      agents,
      driver: runtimeDriver,
      trier: [...ownCommand(), "trial"],
      env,
      terminal: { isTerminal: await isTerminal(1), columns: process.stdout.columns },
      open: opened,
    });
    if (stopped !== undefined && findings.every(({ says }) => says !== stopped.says))
      findings.unshift(stopped);
    if (wrongSettings !== undefined) findings.push(wrongSettings);
    else
      findings.push(
        ...judgeTellings(plannedChannels({ home, settings: await context.settings() })),
      );
    if (quickSwarm) {
      const { say: tell, signal } = context;
      const how = { place: home, skep: ownCommand(), env, tell, signal };
      findings.push(await runQuickSwarm(how));
      // Whoever has it end wants no verdict on half of it.
      if (signal.aborted) return;
    }
    const verdict = worstOf(findings);
    const decision = quickSwarm ? decisionOn(verdict) : null;
    if (context.json)
      await context.data(JSON.stringify({ home, verdict, decision, mended, findings }));
    else await context.data(asText(findings, decision));
    return verdict === "fail" ? 8 : 0;
  },
});

/** What is wrong with the settings; undefined when nothing is. */
async function settingsOf(context: Context): Promise<Finding | undefined> {
  try {
    await context.settings();
    return undefined;
  } catch (error) {
    if (!isSkepError(error, "E_CONFIG", "E_HOME")) throw error;
    return fail("settings", error.message, error.hint ?? "skep config check tells all of it.");
  }
}

function asText(findings: readonly Finding[], decision: string | null): string {
  // A path and the command line of a stranger may hold anything.
  const rows = findings.flatMap(({ check, verdict, says, fix }) => [
    [verdict, check, printable(says)],
    ...(fix === null ? [] : [["", "", `→ ${printable(fix)}`]]),
  ]);
  const lines = [columns(rows)];
  if (decision !== null) lines.push(decision);
  return lines.join("\n");
}

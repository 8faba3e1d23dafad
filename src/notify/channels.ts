// The channels that are set here, and what each of them uses.
import { resolve } from "node:path";
import { SkepError } from "../core/errors.ts";
import { tellByProgram } from "./command.ts";
import { type Desk, tellerOf } from "./desktop.ts";
import { findProgram } from "./find-program.ts";
import { type Channel, jsonOf, variablesOf } from "./notice.ts";
import { postNotice } from "./webhook.ts";

/** What is set of `[notify]`, as far as it is about channels. */
export interface ChannelSettings {
  readonly command: readonly string[];
  readonly desktop: boolean;
  /** An address, or none. */
  readonly webhook: string;
  readonly timeoutMs: number;
  /** How long to wait before each further try of the webhook, where that is not as usual. */
  readonly retryAfterMs?: readonly number[] | undefined;
}

/** Where and with what notices are told. */
export interface Surroundings {
  home: string;
  /** The environment of the command. */
  env: Record<string, string>;
  desk: Desk;
  /** What every program of ours carries besides. */
  mark(): Promise<Record<string, string>>;
}

/** A channel that is set, with what it uses; or why it cannot work here. */
export interface PlannedChannel extends Channel {
  uses: string;
  why: string | null;
}

/** The channels that are set, in the order in which people are told of them. */
export function channelsOf(settings: ChannelSettings, around: Surroundings): PlannedChannel[] {
  return [
    ...(settings.command.length > 0 ? [commandChannel(settings, around)] : []),
    ...(settings.desktop ? [desktopChannel(settings, around)] : []),
    ...(settings.webhook === "none" ? [] : [webhookChannel(settings)]),
  ];
}

function commandChannel(
  { command, timeoutMs }: ChannelSettings,
  { home, env, mark }: Surroundings,
): PlannedChannel {
  const [name, ...args] = command as [string, ...string[]];
  const found = findProgram(name, { directory: home, searchPath: env["PATH"] ?? "" });
  // A path is one from the home, wherever skep was called; a bare name is for the search path of the program.
  const program = name.includes("/") ? resolve(home, name) : name;
  return {
    name: "command",
    uses: name,
    why: found === undefined ? `${program} is not there, or may not be executed` : null,
    async deliver(notice, signal) {
      const variables = { ...env, ...(await mark()), ...variablesOf(notice) };
      const input = `${jsonOf(notice)}\n`;
      await tellByProgram(
        { command: [program, ...args], cwd: home, env: variables, input, timeoutMs },
        signal,
      );
    },
  };
}

function desktopChannel(
  { timeoutMs }: ChannelSettings,
  { home, desk, mark }: Surroundings,
): PlannedChannel {
  const teller = tellerOf(desk);
  return {
    name: "desktop",
    uses: "why" in teller ? "nothing" : teller.program,
    why: "why" in teller ? teller.why : null,
    async deliver(notice, signal) {
      if ("why" in teller) throw new SkepError("E_FAILED", teller.why);
      const env = { ...desk.env, ...(await mark()) };
      await tellByProgram({ ...teller.call(notice), cwd: home, env, timeoutMs }, signal);
    },
  };
}

function webhookChannel(settings: ChannelSettings): PlannedChannel {
  const { webhook: address, timeoutMs, retryAfterMs } = settings;
  return {
    name: "webhook",
    // All else of the address may be a secret.
    uses: new URL(address).origin,
    why: null,
    deliver: (notice, signal) =>
      postNotice({ address, body: jsonOf(notice), timeoutMs, retryAfterMs }, signal),
  };
}

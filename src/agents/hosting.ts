// Hosting: which host process an agent is handed to. One of its own, or one of those that its group shares.
import type { Charge, Member } from "./charge.ts";
import type { Report } from "./host-line.ts";
import { type HostProcess, hostRuntime, smallHeap, startHost } from "./host-process.ts";
import type { Exit } from "./spawned.ts";
import { keepTail } from "./tail.ts";

/** A host that has ended, and what it said last. */
export interface Gone {
  host: HostProcess;
  exit: Exit;
  lastWords: string;
}

export interface Hosting {
  /** The host for `charge`, started if need be. E_FAILED when it cannot be started. */
  hostFor(charge: Charge): Promise<HostProcess>;
  /** Has nobody be handed to `host` any more: whoever would have been gets another one. */
  shut(host: HostProcess): void;
  /** Whether agents are handed to `host`. */
  isOpen(host: HostProcess): boolean;
  /** Every host that runs. */
  hosts(): readonly HostProcess[];
  /** Resolves when none of those that run now runs any more. */
  ended(): Promise<void>;
}

export interface HostingParts {
  home: string;
  skep: readonly string[];
  /** What every process of the run carries in its environment. */
  common: Record<string, string>;
  onReport(host: HostProcess, report: Report): void;
  onSaid(agents: ReadonlySet<string>, text: string): void;
  /** Called when a host has ended; when it resolves, all is seen to. */
  onGone(gone: Gone): Promise<void>;
}

const lastWordsBytesMax = 300;

/** A host that agents are handed to, and whom it was started for. */
interface Opened {
  member: Member;
  begun: Promise<HostProcess>;
  /** Undefined until it runs. */
  host: HostProcess | undefined;
}

/** Hosts for the agents of one run; none yet. */
export function openHosting(parts: HostingParts): Hosting {
  const { home, skep, common, onReport, onSaid, onGone } = parts;
  // The hosts that agents are handed to, by their labels, and every one that runs.
  const open = new Map<string, Opened>();
  const running = new Map<HostProcess, Promise<void>>();

  const isOpen = (host: HostProcess) => open.get(host.label)?.host === host;
  const shut = (host: HostProcess) => void (isOpen(host) && open.delete(host.label));

  const start = async (
    label: string,
    charge: Charge,
    runs: (host: HostProcess) => void,
  ): Promise<HostProcess> => {
    const { cwd, hostEnv } = charge.member;
    const said = keepTail(lastWordsBytesMax);
    const env = { ...runtimeOf(charge), ...hostEnv, ...common, ...identityOf(charge, common) };
    const begun = await startHost({
      skep,
      home,
      label,
      cwd,
      env,
      onReport: (report) => onReport(host, report),
      onSaid(text) {
        said.add(Buffer.from(text));
        onSaid(host.agents, text);
      },
    });
    // Whoever is handed over when it has been told to end, or has ended, gets another one.
    const host: HostProcess = { ...begun, end: () => (shut(host), begun.end()) };
    runs(host);
    const gone = (async () => {
      const exit = await host.exited;
      shut(host);
      // What it said last may say why, and what it reported last may say that all is well.
      await host.finished;
      await onGone({ host, exit, lastWords: lastWordsIn(said.text()) });
      running.delete(host);
    })();
    running.set(host, gone);
    return host;
  };

  return {
    async hostFor(charge) {
      const label = labelOf(charge);
      const known = open.get(label);
      if (known !== undefined && isFit(known.member, charge.member)) return await known.begun;
      const begun = start(label, charge, (host) => (opened.host = host));
      const opened: Opened = { member: charge.member, begun, host: undefined };
      open.set(label, opened);
      begun.catch(() => open.get(label) === opened && open.delete(label));
      return await begun;
    },
    shut,
    isOpen,
    hosts: () => [...running.keys()],
    ended: async () => void (await Promise.all(running.values())),
  };
}

/** On one line. Of the report that the runtime makes of its own end only what happened. */
function lastWordsIn(said: string): string {
  return /^panic\(.*$/m.exec(said)?.[0] ?? said.replace(/\s*\n\s*/g, "; ");
}

/** The label of the host that `charge` is handed to: its own name when it shares it with nobody. */
export function labelOf({ member, apart, slot }: Charge): string {
  const { group, name, pool } = member;
  return apart ?? (pool === undefined ? name : `${group}:${slot % pool}`);
}

/** Whether a host that was started for `one` has what `other` needs. A program is given a directory and an environment, a module sees those of its host. */
function isFit(one: Member, other: Member): boolean {
  const seenBy = ({ cwd, hostEnv }: Member) => JSON.stringify([cwd, hostEnv]);
  return other.runner !== "module" || seenBy(one) === seenBy(other);
}

// A module does its work in the host, so its host is left as it is.
function runtimeOf({ member }: Charge): Record<string, string> {
  if (member.pool !== undefined) return hostRuntime;
  return member.runner === "module" ? {} : { ...hostRuntime, ...smallHeap };
}

// A host that several agents share is none of them.
function identityOf(charge: Charge, common: Record<string, string>): Record<string, string> {
  return labelOf(charge) === charge.member.name ? identityVariables(charge, common) : {};
}

/** What every program of the agent carries in its environment. */
export function identityVariables(
  { member, token }: Charge,
  common: Record<string, string>,
): Record<string, string> {
  return { ...common, SKEP_AGENT: member.name, SKEP_TOKEN: token.reveal() };
}

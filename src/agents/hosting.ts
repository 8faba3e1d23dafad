// Hosting: which host process an agent is handed to. One of its own, or one of those that its group shares.
import type { Charge } from "./charge.ts";
import type { Report } from "./host-line.ts";
import { type HostProcess, hostRuntime, startHost } from "./host-process.ts";
import type { Exit } from "./process.ts";
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

/** Hosts for the agents of one run; none yet. */
export function openHosting(parts: HostingParts): Hosting {
  const { home, skep, common, onReport, onSaid, onGone } = parts;
  const starting = new Map<string, Promise<HostProcess>>();
  const running = new Map<HostProcess, Promise<void>>();

  const start = async (key: string, charge: Charge): Promise<HostProcess> => {
    const { cwd, hostEnv } = charge.member;
    const said = keepTail(lastWordsBytesMax);
    const env = { ...runtimeOf(charge), ...hostEnv, ...common, ...identityOf(charge, common) };
    const host: HostProcess = await startHost({
      skep,
      home,
      label: key,
      cwd,
      env,
      onReport: (report) => onReport(host, report),
      onSaid(text) {
        said.add(Buffer.from(text));
        onSaid(host.agents, text);
      },
    });
    const gone = (async () => {
      const exit = await host.exited;
      // Whoever is handed over from now on gets another one.
      starting.delete(key);
      // What it said last may say why, and what it reported last may say that all is well.
      await host.finished;
      await onGone({ host, exit, lastWords: said.text().replace(/\s*\n\s*/g, "; ") });
      running.delete(host);
    })();
    running.set(host, gone);
    return host;
  };

  return {
    async hostFor(charge) {
      const key = keyOf(charge);
      const known = starting.get(key);
      if (known !== undefined) return await known;
      const begun = start(key, charge);
      starting.set(key, begun);
      begun.catch(() => starting.delete(key));
      return await begun;
    },
    hosts: () => [...running.keys()],
    ended: async () => void (await Promise.all(running.values())),
  };
}

function isPooled({ member, alone }: Charge): boolean {
  return member.pool !== undefined && !alone;
}

function keyOf(charge: Charge): string {
  const { group, name, pool } = charge.member;
  return isPooled(charge) ? `${group}:${charge.slot % pool!}` : name;
}

// A module does its work in the host, so its host is left as it is.
function runtimeOf({ member }: Charge): Record<string, string> {
  return member.runner === "module" && member.pool === undefined ? {} : hostRuntime;
}

// A host that several agents share is none of them.
function identityOf(charge: Charge, common: Record<string, string>): Record<string, string> {
  return isPooled(charge) ? {} : identityVariables(charge, common);
}

/** What every program of the agent carries in its environment. */
export function identityVariables(
  { member, token }: Charge,
  common: Record<string, string>,
): Record<string, string> {
  return { ...common, SKEP_AGENT: member.name, SKEP_TOKEN: token };
}

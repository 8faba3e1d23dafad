// The metrics of a run: what the part that collects them, which knows neither agents nor the bus, gets to see of both.
import { type Agent, listAgents } from "../agents/registry.ts";
import type { Bus } from "../bus/bus.ts";
import { listDepths } from "../bus/depths.ts";
import type { Settings } from "../config/settings.ts";
import { type ProcessIdentity, ownIdentity } from "../core/identity.ts";
import { type CollectParts, collectMetrics } from "../metrics/collect.ts";
import type { Watched } from "../metrics/sample.ts";

type Parts = Pick<CollectParts, "clock" | "events" | "vitals" | "growth"> & {
  bus: Bus;
  settings: Settings;
};

/** Collects the metrics of the swarm that runs under this process, until `signal` aborts. */
export async function collect(
  { bus, settings, ...parts }: Parts,
  signal: AbortSignal,
): Promise<void> {
  const supervisor = ownIdentity();
  await collectMetrics(
    {
      ...parts,
      watched: async () => watchedOf(await bus.store.read(listAgents), supervisor),
      depths: () => bus.store.read((tx) => listDepths(tx, settings.bus)),
      settings: settings.metrics,
    },
    signal,
  );
}

/** The processes of a swarm, each of them once. A host that several agents share bears the name of the first as a tag: it is the same one however often the host is started. */
export function watchedOf(agents: readonly Agent[], supervisor: ProcessIdentity): Watched[] {
  const found: Watched[] = [{ ...supervisor, agent: null, tags: { kind: "supervisor" } }];
  const hosts = Map.groupBy(
    agents.filter(({ hostPid }) => hostPid !== null),
    ({ hostPid }) => hostPid!,
  );
  for (const [pid, [first, ...others]] of hosts) {
    const { name, group, hostStartTime } = first!;
    const process = { pid, startTime: hostStartTime ?? 0 };
    const shared = { kind: "host", group, first: name };
    if (others.length > 0) found.push({ ...process, agent: null, tags: shared });
    else found.push({ ...process, agent: name, tags: { kind: "host", group } });
  }
  for (const { name, group, programPid, programStartTime } of agents)
    if (programPid !== null)
      found.push({
        pid: programPid,
        startTime: programStartTime ?? 0,
        agent: name,
        tags: { kind: "program", group },
      });
  return found;
}

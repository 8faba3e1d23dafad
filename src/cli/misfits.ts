// Misfits: what of a swarm file does not fit the topology that it asks for.
import { arrange } from "../agents/topology.ts";
import type { Finding } from "../config/faults.ts";
import type { Swarm } from "../config/swarm.ts";
import { isSkepError } from "../core/errors.ts";

/** Why `agents` cannot be arranged as the file says, with the key that says so; nothing when they can. */
export function misfits({ agents, topology }: Pick<Swarm, "agents" | "topology">): Finding[] {
  try {
    arrange(agents, topology);
    return [];
  } catch (error) {
    if (!isSkepError(error, "E_CONFIG")) throw error;
    const { at = ["topology"], message, hint } = error;
    return [{ path: at, what: `does not fit: ${message}`, hint }];
  }
}

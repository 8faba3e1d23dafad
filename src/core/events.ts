// Facts heard inside one process. Rows tell other processes; correctness never rests on an event.

/** Every fact skep emits, with what it carries. */
export interface Events {
  /** The run is open and its agents are about to start. */
  "swarm.started": { swarm: string; agents: number; home: string };
  /** A coordinator has failed for good, and another one has taken over from it; `moved` messages went along. */
  "swarm.handover": { from: string; to: string; moved: number };
  /** What the swarm starts may go on to `level` percent from now on, and was to `before`; `cause` is load or memory, null when nothing is held back. */
  "swarm.governed": { level: number; before: number; cause: string | null; reason: string | null };
  "agent.started": { name: string; pid: number };
  /** Something a host itself wrote; what its program writes is in the log. */
  "agent.said": { name: string; text: string };
  /** It starts again after a rest; `killed` as below. */
  "agent.restarting": { name: string; reason: string; killed: number };
  /** `state` is stopped, failed or dead; `killed` processes of its were killed because its host died. */
  "agent.ended": { name: string; state: string; reason: string | null; killed: number };
  /** What became of an alert that a channel outside of skep was to tell of: sent, failed or dropped, and why. `isNew` when that was not so before. */
  "alert.noticed": { channel: string; what: string; why: string | null; isNew: boolean };
  /** What became of figures that were pushed to `to`: of so many points some were not wanted; `kind` is why it ended early, `why` what was said. `isNew` when that was not so before. */
  "metrics.pushed": {
    points: number;
    rejected: number;
    kind: string | null;
    why: string | null;
    to: string;
    isNew: boolean;
  };
}

export type EventName = keyof Events;

export interface Emitter {
  on<Name extends EventName>(name: Name, listener: (fact: Events[Name]) => void): void;
  emit<Name extends EventName>(name: Name, fact: Events[Name]): void;
}

/** An emitter with no listeners. */
export function createEmitter(): Emitter {
  const listeners = new Map<EventName, ((fact: never) => void)[]>();
  return {
    on(name, listener) {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
    },
    emit(name, fact) {
      for (const listener of listeners.get(name) ?? []) listener(fact as never);
    },
  };
}

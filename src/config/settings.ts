// Every setting there is, and its value where nobody chose another. Nothing here costs a command any time.

export interface Settings {
  readonly bus: BusSettings;
  readonly store: StoreSettings;
  readonly agents: AgentsSettings;
}

export interface BusSettings {
  /** Deliveries an inbox holds before senders wait. */
  readonly inboxCap: number;
  /** Bytes of bodies an inbox holds before senders wait. */
  readonly inboxBytes: number;
  /** The longest body of one message, in bytes. */
  readonly bodyBytesMax: number;
  /** How long a claim lasts unless it is renewed. */
  readonly leaseMs: number;
  /** How long an agent may work on one message before it is no longer kept for it. */
  readonly maxRunMs: number;
  /** How often a message is tried before it goes to the dead letters. */
  readonly maxAttempts: number;
  /** How long a sender waits for room in a full inbox. */
  readonly sendTimeoutMs: number;
  /** The shortest pause before another attempt; how long it can get doubles with each. */
  readonly backoffMinMs: number;
  /** The longest pause between two attempts. */
  readonly backoffMaxMs: number;
  /** How long a key keeps its message from being sent again. */
  readonly keyWindowMs: number;
  /** How long what ended well is remembered, with its message. */
  readonly historyKeepMs: number;
  /** How many of the newest deliveries are remembered at most. */
  readonly historyRowsMax: number;
  /** How long dead letters are kept. */
  readonly deadKeepMs: number;
}

export interface StoreSettings {
  /** What a power cut may take: the newest commits ("process"), or nothing ("power"). */
  readonly durability: "process" | "power";
  /** How long a write waits for its turn. */
  readonly busyTimeoutMs: number;
}

export interface AgentsSettings {
  /** How long a program may take between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number;
  /** How long agents may finish what they have in hand when the swarm goes down, and all who hold something when the bus is drained. */
  readonly drainTimeoutMs: number;
  /** How long an agent's log grows before it is rotated, in bytes. */
  readonly logBytesMax: number;
  /** How long a module may keep the host that it shares with others from doing anything else. */
  readonly hangTimeoutMs: number;
}

/** The settings of a home without a `skep.toml`. */
export const defaults: Settings = freeze({
  bus: {
    inboxCap: 1_000,
    inboxBytes: 64 * 1024 * 1024,
    bodyBytesMax: 1024 * 1024,
    leaseMs: 60_000,
    maxRunMs: 3_600_000,
    maxAttempts: 5,
    sendTimeoutMs: 5_000,
    backoffMinMs: 1_000,
    backoffMaxMs: 60_000,
    keyWindowMs: 7 * 24 * 3_600_000,
    historyKeepMs: 7 * 24 * 3_600_000,
    historyRowsMax: 1_000_000,
    deadKeepMs: 30 * 24 * 3_600_000,
  },
  store: { durability: "process", busyTimeoutMs: 10_000 },
  agents: {
    stopGraceMs: 5_000,
    drainTimeoutMs: 20_000,
    logBytesMax: 10 * 1024 * 1024,
    hangTimeoutMs: 60_000,
  },
});

/** `settings` so that nobody can change them afterwards. */
export function freeze(settings: Settings): Settings {
  for (const section of Object.values(settings)) Object.freeze(section);
  return Object.freeze(settings);
}

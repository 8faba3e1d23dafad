// The shape of a run: how many clients there are, what stands in their way, and how much an inbox holds.
import type { BusSettings } from "../../src/bus/message.ts";
import { testSettings } from "../fixtures/bus/bus.ts";
import type { Random } from "../proof/random.ts";

export type Kind = "lone" | "few" | "crowd";

export interface Shape {
  kind: Kind;
  /** How many processes there are, and how many clients share each. */
  processes: number;
  clients: number;
  /** How many calls all of them make. */
  operations: number;
  /** How many clients run the commands of the executable instead. */
  commands: number;
  inboxes: string[];
  cap: number;
  capBytes: number;
  leaseMs: number;
  maxAttempts: number;
  /** How long what is not wanted for good is wanted at most. */
  ttlMaxMs: number;
  /** After how many calls a client is killed or stopped at the latest; 0: never. */
  spareCalls: number;
  /** Whether another program writes to the database now and then. */
  foreign: boolean;
  /** Whether the bus is drained now and then. */
  drains: boolean;
  /** For how long it stays open then at most. */
  openMs: number;
  /** Whether the past is forgotten. */
  forgets: boolean;
  /** Whether the end of the log is lost. */
  cut: boolean;
}

// Nobody claims from it.
export const keptInbox = "kept";
export const topic = "news.hourly";

/** A run of `kind` with so many calls, as `random` decides. */
export function shapeOf(kind: Kind, operations: number, random: Random): Shape {
  const maybe = (share: number) => random.share() < share;
  const tight = maybe(0.4);
  const size = {
    lone: {
      processes: random.whole(1, 2),
      clients: 1,
      spareCalls: random.whole(60, 250),
      commands: 0,
      inboxes: random.whole(2, 4),
      cap: tight ? random.whole(8, 20) : random.whole(20, 60),
    },
    few: {
      processes: random.whole(4, 8),
      clients: random.whole(2, 4),
      spareCalls: random.whole(20, 100),
      commands: 2,
      inboxes: random.whole(2, 5),
      cap: tight ? random.whole(8, 30) : random.whole(40, 120),
    },
    crowd: {
      processes: 8,
      clients: random.whole(13, 80),
      spareCalls: random.whole(8, 30),
      commands: 2,
      inboxes: random.whole(3, 9),
      cap: tight ? random.whole(20, 60) : random.whole(100, 300),
      // It takes its turns.
      leaseMs: random.whole(400, 2_000),
    },
  }[kind];
  // A lone client needs nobody in its way to get things wrong.
  const calm = kind === "lone" && maybe(0.5);
  const forgets = kind === "lone" && maybe(0.4);
  return {
    kind,
    leaseMs: random.whole(150, 800),
    ...size,
    spareCalls: calm ? 0 : size.spareCalls,
    operations,
    inboxes: Array.from({ length: size.inboxes }, (_, n) => `i${n}`),
    capBytes: size.cap * random.whole(150, 400),
    maxAttempts: random.whole(2, 6),
    ttlMaxMs: 500,
    foreign: kind !== "lone" && maybe(0.5),
    drains: !forgets && maybe(0.7),
    openMs: random.whole(100, 1_000),
    forgets,
    cut: !forgets && maybe(0.5),
  };
}

/** The settings of a bus in a run of this shape. */
export function settingsOf({ cap, capBytes, maxAttempts, forgets }: Shape): BusSettings {
  return {
    ...testSettings,
    inboxCap: cap,
    inboxBytes: capBytes,
    maxAttempts,
    backoffMinMs: 5,
    backoffMaxMs: 100,
    ...(forgets && { historyKeepMs: 100 }),
  };
}

/** The same for the executable. */
export function environmentOf(shape: Shape): Record<string, string> {
  const { cap, capBytes, maxAttempts } = shape;
  return {
    SKEP_BUS_INBOX_CAP: String(cap),
    SKEP_BUS_INBOX_BYTES: String(capBytes),
    SKEP_BUS_BODY_BYTES_MAX: String(Math.min(capBytes, testSettings.bodyBytesMax)),
    SKEP_BUS_MAX_ATTEMPTS: String(maxAttempts),
    SKEP_BUS_BACKOFF_MIN: "5ms",
    SKEP_BUS_BACKOFF_MAX: "100ms",
  };
}

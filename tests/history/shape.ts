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
  /** After how many calls a client is killed or stopped at the latest; 0: never. */
  spareCalls: number;
  /** Whether another program writes to the database now and then. */
  foreign: boolean;
  /** Whether the bus is drained now and then. */
  drains: boolean;
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
  const inboxes = Array.from({ length: random.whole(2, 5) }, (_, n) => `i${n}`);
  const cap = random.whole(10, 60);
  const size = {
    lone: { processes: random.whole(1, 2), clients: 1, spareCalls: 80, commands: 0 },
    few: {
      processes: random.whole(4, 8),
      clients: random.whole(2, 4),
      spareCalls: 30,
      commands: 2,
    },
    crowd: { processes: 8, clients: random.whole(13, 80), spareCalls: 12, commands: 2 },
  }[kind];
  // A lone client needs nobody in its way to get things wrong.
  const calm = kind === "lone" && maybe(0.5);
  const forgets = kind === "lone" && maybe(0.4);
  return {
    kind,
    ...size,
    spareCalls: calm ? 0 : size.spareCalls,
    operations,
    inboxes,
    cap,
    capBytes: cap * random.whole(150, 400),
    leaseMs: random.whole(150, 800),
    maxAttempts: random.whole(2, 6),
    foreign: kind !== "lone" && maybe(0.5),
    drains: !forgets && maybe(0.7),
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

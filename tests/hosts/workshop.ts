// A host in this very process, at work for a real program on a bus of its own.
import { join } from "node:path";
import { afterEach, setDefaultTimeout } from "bun:test";
import type { Report } from "../../src/agents/host-line.ts";
import {
  type AgentChange,
  programsOf,
  findAgent,
  noteChange,
  registerAgent,
} from "../../src/agents/registry.ts";
import { openRun } from "../../src/agents/runs.ts";
import { findMarked, killMarked } from "../../src/agents/survivors.ts";
import type { BusSettings, Delivery, Draft } from "../../src/bus/message.ts";
import { receive } from "../../src/bus/receive.ts";
import { ackTx } from "../../src/bus/settle.ts";
import { send } from "../../src/bus/send.ts";
import { defaults } from "../../src/config/settings.ts";
import { randomHex } from "../../src/core/ids.ts";
import { ownIdentity } from "../../src/core/identity.ts";
import { bytesOf } from "../../src/core/text.ts";
import { type Gate, openGate } from "../../src/hosts/gate.ts";
import { type Held, openHeld, openPace } from "../../src/hosts/pace.ts";
import { runHost } from "../../src/hosts/host.ts";
import type { Controls, Ended, Parts, Work } from "../../src/hosts/runner.ts";
import { openTurns } from "../../src/core/turns.ts";
import { openSpares } from "../../src/hosts/spares.ts";
import type { Store } from "../../src/store/store.ts";
import { readOrNothing } from "../agents/swarm-place.ts";
import { readLog } from "../helpers/read-log.ts";
import { type TempBus, tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";

export const fixtures = join(import.meta.dir, "..", "fixtures", "agents");

/** What became of one delivery. */
export interface Fate {
  state: string;
  attempt: number;
  /** Claims that did not end in an ack. */
  attempts: { outcome: string; reason: string | null }[];
}

export interface Hosted {
  /** What it has reported so far. */
  reports: Report[];
  gate: Gate;
  /** How far its process is held back. */
  held: Held;
  /** How many processes were killed each time that it ended what its programs had left behind. */
  strays: number[];
  /** Has its program ended at once. */
  kill(reason: string): void;
  /** Tells the agent to stop, and answers how it ended. */
  stop(): Promise<Ended>;
  ended: Promise<Ended>;
}

export type Workshop = Awaited<ReturnType<ReturnType<typeof workshops>>>;

// What was refused would come back soon otherwise, and be found in another state by whoever looks late.
export const aLongRest = { backoffMinMs: 3_600_000, backoffMaxMs: 3_600_000 };

interface Options extends Partial<BusSettings> {
  maxRunMs?: number;
  /** The longest that its agent rests when it is held back. */
  pauseMaxMs?: number;
  stopGraceMs?: number;
  /** How long a program that holds nothing may take to leave by itself. */
  leaveMs?: number;
  logBytesMax?: number;
  /** How long the host waits for the database before it is told that it is locked. */
  busyTimeoutMs?: number;
  /** The time by which the host knows how long a program has worked or been stopped; that of the machine when left out. */
  tick?: () => number;
}

/** A function that opens a workshop; what its programs left running is killed after each test. To be called where tests are declared. */
export function workshops() {
  const marks: string[] = [];
  // Processes start slowly on a busy machine.
  setDefaultTimeout(240_000);
  let hosts: Hosted[] = [];
  afterEach(async () => {
    for (const run of marks.splice(0)) await killMarked({ run });
    const open = hosts;
    hosts = [];
    // Whoever could not be seen then may hold something, and would be waited for.
    for (const host of open) host.kill("the test is over");
    await Promise.all(open.map((host) => host.stop().catch(() => {})));
  });
  const { liveBus } = tempBuses();

  return async (options: Options = {}) => {
    const bus = await liveBus({ ...aLongRest, ...options });
    const mark = randomHex(8);
    marks.push(mark);
    /** Starts the host of an agent `a` with an environment of its own. */
    const host = async (
      work: Partial<Work> & Pick<Work, "runner">,
      env: Record<string, string> = {},
    ) => {
      const around = { PATH: process.env["PATH"]!, SKEP_RUN: mark, ...env };
      const hosted = await startHost(bus, { name: "a", inbox: "a", ...work }, options, around);
      hosts.push(hosted);
      return hosted;
    };
    return {
      bus,
      mark,
      ...deskOf(bus),
      host,
      /** Starts puppet.ts as the stream program of `a`. */
      puppet: (work: { inFlight?: number } = {}, args: string[] = []) =>
        host({
          runner: "stream",
          command: [process.execPath, join(fixtures, "puppet.ts"), ...args],
          ...work,
        }),
      agent: () => bus.store.read((tx) => findAgent(tx, "a")),
      /** The program of `a`, once it runs. */
      program: () =>
        waitUntil("the program runs", async () => {
          const agent = await bus.store.read((tx) => findAgent(tx, "a"));
          return agent === undefined ? undefined : programsOf([agent])[0];
        }),
      /** Kills its programs, once there are `count` of them: whoever is just starting has no mark yet. */
      async killPrograms(count = 1): Promise<void> {
        await waitUntil("its programs run", () => findMarked({ run: mark }).length === count);
        await killMarked({ run: mark });
      },
      /** What was logged so far; nothing before there is a log. */
      log: () => readLog(bus.home, "a"),
    };
  };
}

async function startHost(
  bus: TempBus,
  work: Partial<Work> & Pick<Work, "runner" | "name" | "inbox">,
  options: Options,
  env: Record<string, string>,
): Promise<Hosted> {
  const { name, runner, inbox } = work;
  const spec: Work = { cwd: bus.home, inFlight: 1, ...work };
  await bus.store.write(async (tx) => {
    const place = { boot: bus.clock.boot, namespace: "", guardianPid: null };
    const run = { swarm: "s", file: "f", mark: env["SKEP_RUN"]!, ...place };
    const id = await openRun(tx, { ...run, ...ownIdentity() });
    await registerAgent(tx, { name, group: name, run: id, runner, inbox, token: "secret" });
  });
  const { leaseMs } = bus.settings;
  const { maxRunMs = 3_600_000, stopGraceMs = 200, logBytesMax = 10_000_000 } = options;
  const { pauseMaxMs = 600_000, leaveMs } = options;
  const agents = { ...defaults.agents, stopGraceMs, drainTimeoutMs: 5_000, logBytesMax };
  const store =
    options.busyTimeoutMs === undefined ? bus.store : impatient(bus.store, options.busyTimeoutMs);
  const clock = { ...bus.clock, tick: options.tick ?? bus.clock.tick };
  const settings = { bus: { leaseMs, maxRunMs }, agents, governor: defaults.governor };
  const parts: Parts = { home: bus.home, store, clock, bus: { ...bus, store }, settings, leaveMs };
  const draining = new AbortController();
  const killing = new AbortController();
  const gate = openGate();
  const held = openHeld();
  const reports: Report[] = [];
  const strays: number[] = [];
  const endStrays = async () => {
    const theirs = { run: env["SKEP_RUN"]!, agents: [name] };
    const count = await killMarked(theirs);
    // On a busy machine it takes a while until whoever was killed is gone.
    await waitUntil("they are gone", () => findMarked(theirs).length === 0);
    strays.push(count);
    return count;
  };
  const controls: Controls = {
    draining: draining.signal,
    killing: killing.signal,
    endStrays,
    gate,
    // Of what it may rest it always rests the most.
    pace: openPace(held, { pauseMaxMs }, undefined, () => 1),
    turns: openTurns(),
    spares: openSpares(stopGraceMs),
    tell(report) {
      reports.push(report);
      void note(bus, report);
    },
  };
  const ended = runHost(parts, { spec, env, supervisor: ownIdentity() }, controls).then(
    async (ending) => {
      await note(bus, { report: "ended", name, ...ending });
      return ending;
    },
  );
  ended.catch(() => {});
  return {
    ended,
    reports,
    gate,
    held,
    strays,
    kill: (reason) => killing.abort(reason),
    stop() {
      draining.abort();
      return ended;
    },
  };
}

/** Writes down what a supervisor would. */
async function note({ store }: TempBus, report: Report): Promise<void> {
  if (report.report === "beat") return;
  const { pid, startTime } = ownIdentity();
  const change: AgentChange =
    report.report === "started"
      ? { state: "ready", host: { pid, startTime }, program: report.program }
      : report.report === "ended"
        ? { state: report.state, reason: report.reason }
        : {};
  await store.write((tx) => noteChange(tx, report.name, change));
}

function impatient(store: Store, mostMs: number): Store {
  return {
    ...store,
    write: (fn, { timeoutMs = mostMs, signal } = {}) =>
      store.write(fn, { timeoutMs: Math.min(timeoutMs, mostMs), signal }),
  };
}

/** What a test does with the messages of `bus`. */
export function deskOf(bus: TempBus) {
  const fate = async (id: number): Promise<Fate> =>
    await bus.store.read(async (tx) => {
      const now = await tx.get<{ state: string; attempt: number }>(
        `select state, attempt from deliveries where id = $id
         union all select outcome, attempt from history where delivery_id = $id
         union all select 'dead', attempt from dead_letters where delivery_id = $id`,
        { id },
      );
      const attempts = await tx.all<{ outcome: string; reason: string | null }>(
        "select outcome, reason from attempts where delivery_id = $id order by epoch",
        { id },
      );
      return { ...now!, attempts };
    });
  return {
    /** Sends to the agent `a` (or elsewhere): the message's id. */
    async send(body: string | Uint8Array, draft: Partial<Draft> = {}): Promise<number> {
      const bytes = typeof body === "string" ? bytesOf(body) : body;
      const options = { from: "tester", onFull: "fail", timeoutMs: 0 } as const;
      return (await send(bus, { to: "a", body: bytes, ...draft }, options)).id;
    },
    fate,
    /** The fate of delivery `id` once it is in one of `states`. */
    becomes: (id: number, ...states: string[]): Promise<Fate> =>
      waitUntil(`${id} is ${states.join(" or ")}`, async () => {
        const now = await fate(id);
        return states.includes(now.state) ? now : undefined;
      }),
    /** The next message in `inbox`, claimed under nobody's name. */
    async take(inbox: string): Promise<Delivery & { text: string }> {
      const claim = { inbox, holder: null, max: 1, leaseMs: 60_000, waitMs: 100_000 };
      const [delivery] = await receive(bus, claim);
      if (delivery === undefined) throw new Error(`nothing came to ${inbox}`);
      return { ...delivery, text: Buffer.from(delivery.body).toString("latin1") };
    },
    ack: async (receipt: string): Promise<void> =>
      void (await bus.store.write((tx) => ackTx(tx, bus.settings, receipt, { from: null }))),
    /** How many deliveries of `inbox` are in each state. */
    ledger: async (inbox: string): Promise<Record<string, number>> =>
      (await bus.store.read((tx) =>
        tx.get<Record<string, number>>("select * from ledger where inbox = $inbox", { inbox }),
      ))!,
  };
}

/** Whether the process has become a `sleep 1000`. */
export const sleeps = ({ pid }: { pid: number }): boolean =>
  readOrNothing(`/proc/${pid}/cmdline`) === "sleep\x001000\x00";

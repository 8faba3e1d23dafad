// A host that several agents share, in this very process, told what to do as a supervisor would.
import { afterEach } from "bun:test";
import type { Order, Report } from "../../src/agents/host-line.ts";
import { findMarked, killMarked } from "../../src/agents/survivors.ts";
import { defaults } from "../../src/config/settings.ts";
import { randomHex } from "../../src/core/ids.ts";
import { ownIdentity } from "../../src/core/identity.ts";
import { hostAgents } from "../../src/hosts/pool.ts";
import type { Assignment, Parts, Work } from "../../src/hosts/runner.ts";
import { readLog } from "../helpers/read-log.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { aLongRest, deskOf } from "./workshop.ts";

type Kind = Extract<Report, { name: string }>["report"];

/** A function that opens a host without agents; it and their programs are gone after each test. To be called where tests are declared. */
export function sharedHosts() {
  const { liveBus } = tempBuses();
  const open: { mark: string; end: () => Promise<void> }[] = [];
  afterEach(async () => {
    for (const { mark, end } of open.splice(0)) {
      await killMarked({ run: mark });
      await end();
    }
  });

  return async ({ openDoorbell }: Pick<Parts, "openDoorbell"> = {}) => {
    const bus = await liveBus(aLongRest);
    const mark = randomHex(8);
    const { leaseMs } = bus.settings;
    const agents = { ...defaults.agents, stopGraceMs: 200, drainTimeoutMs: 5_000 };
    const settings = {
      bus: { leaseMs, maxRunMs: 3_600_000 },
      agents,
      governor: defaults.governor,
    };
    const { home, store, clock } = bus;
    const parts: Parts = { home, store, clock, bus, settings, openDoorbell };
    const orders = orderQueue();
    const reports: Report[] = [];
    const post = {
      orders: orders.all,
      tell: (report: Report) => void reports.push(report),
      draining: new AbortController().signal,
    };
    const ended = hostAgents(parts, post);
    const end = async () => {
      orders.end();
      await ended;
    };
    open.push({ mark, end });
    let slots = 0;
    const about = (kind: Kind, name: string) =>
      reports.filter(
        (report) => report.report === kind && "name" in report && report.name === name,
      );
    return {
      bus,
      ...deskOf(bus),
      mark,
      order: orders.add,
      /** Hands the agents `names` to the host, each with an inbox of its own unless `work` says otherwise: what it is told of them. */
      start(names: readonly string[], work: Partial<Work> & Pick<Work, "runner">): Assignment[] {
        return names.map((name) => {
          const spec: Work = { name, inbox: name, cwd: bus.home, inFlight: 1, ...work };
          const identity = { SKEP_RUN: mark, SKEP_AGENT: name, SKEP_TOKEN: `token of ${name}` };
          const env = { PATH: process.env["PATH"]!, ...identity };
          const assignment: Assignment = { spec, env, supervisor: ownIdentity() };
          orders.add({ order: "start", name, slot: ++slots, assignment });
          return assignment;
        });
      },
      /** The `count`th report of that kind about the agent, once it has come. */
      reported: (kind: Kind, name: string, count = 1): Promise<Report> =>
        waitUntil(`${name} ${kind}`, () => about(kind, name)[count - 1]),
      reports: about,
      log: (name: string): string => readLog(bus.home, name),
      /** How many programs run. */
      programs: (): number => findMarked({ run: mark }).length,
      end,
    };
  };
}

function orderQueue() {
  const waiting: Order[] = [];
  let ended = false;
  let wake = () => {};
  return {
    add(order: Order) {
      waiting.push(order);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    all: (async function* () {
      while (!ended || waiting.length > 0) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    })(),
  };
}

// Steps of those who rule: deaths, boots, drains, stops, handovers.
import assert from "node:assert/strict";
import { drain } from "../../../src/bus/drain.ts";
import { handBack } from "../../../src/bus/hand-back.ts";
import { handover } from "../../../src/bus/handover.ts";
import { closeIntake, openIntake } from "../../../src/bus/intake.ts";
import { openBus } from "../../../src/bus/open.ts";
import { parkAll, unparkAll } from "../../../src/bus/park.ts";
import { resumeTx } from "../../../src/bus/resume.ts";
import { answerOf } from "../../helpers/answer-of.ts";
import { handBack as modelHandBack } from "../model/endings.ts";
import * as holding from "../model/holding.ts";
import type { Step } from "../step.ts";
import { type Agent, type World, pickInbox } from "../world.ts";
import { say } from "./sends.ts";

const aborted = AbortSignal.abort();

/** Has `agent` be gone in the middle of whatever it does. */
function forget({ time }: World, agent: Agent): void {
  time.sleepers = time.sleepers.filter(({ who }) => who !== agent.name);
  agent.call = undefined;
  agent.found = undefined;
}

const crashes: Step = {
  name: "crash",
  weight: 3,
  async run(world, agent) {
    const { random, bus, model } = world;
    forget(world, agent);
    // What it was given may have been written down somewhere.
    if (random.share() < 0.5) agent.receipts = [];
    const ending = random.pick(["died", "returned", undefined] as const);
    if (ending === undefined) return `${agent.name} crashes, and nobody notices`;
    const count = await bus.store.write((tx) =>
      handBack(tx, bus.settings, agent.name, ending, "for a reason"),
    );
    assert.equal(count, modelHandBack(model, ending, agent.name));
    return `${agent.name} crashes, and what it held is taken back as ${ending}: ${count}`;
  },
};

const restarts: Step = {
  name: "restart",
  weight: 1,
  async run({ bus, model, time }, { name }) {
    (await openBus(bus.store, time.clock, bus.settings)).doorbell.close();
    holding.parkOverdue(model);
    return `${name} opens the bus`;
  },
};

const reboots: Step = {
  name: "reboot",
  weight: 1,
  async run(world, agent) {
    const { bus, model, time, agents } = world;
    for (const one of agents) forget(world, one);
    time.reboot();
    (await openBus(bus.store, time.clock, bus.settings)).doorbell.close();
    holding.reboot(model);
    return `the machine starts anew, and ${agent.name} is the first`;
  },
};

const setsWall: Step = {
  name: "set the wall clock",
  weight: 1,
  async run({ random, time }) {
    const ms = random.pick([-1_000_000_000, -1_000, 1_000, 1_000_000_000])!;
    time.stepWall(ms);
    return `the wall clock is set by ${ms}`;
  },
};

const drains: Step = {
  name: "drain",
  weight: 2,
  async run({ random, bus, model }) {
    const timeoutMs = random.pick([0, 80])!;
    const came = await answerOf(
      drain(bus, { timeoutMs, usualMs: timeoutMs, signal: aborted }),
      ({ parked, conservation }) => (conservation.holds ? parked : "it does not add up"),
    );
    assert.deepEqual(came, holding.drain(model, timeoutMs));
    return `a drain within ${timeoutMs}: ${say(came)}`;
  },
};

const resumes: Step = {
  name: "resume",
  weight: 5,
  overfills: true,
  async run({ bus, model }) {
    const already = model.state.drain === null;
    const came = await bus.store.write(resumeTx);
    assert.deepEqual(came, { resumed: holding.resume(model), already });
    return `resume: ${came.resumed}`;
  },
};

const stops: Step = {
  name: "stop",
  weight: 1,
  async run({ bus, model }) {
    await bus.store.write((tx) => closeIntake(tx, tx.tick + 1_000));
    model.state.stopping = true;
    return "the swarm begins to stop";
  },
};

const goesDown: Step = {
  name: "down",
  weight: 1,
  async run({ bus, model }) {
    const { parked } = await bus.store.write((tx) => parkAll(tx, bus.settings, 1));
    assert.equal(parked, holding.park(model, "run"));
    return `the swarm is down: ${parked} are parked`;
  },
};

const goesUp: Step = {
  name: "up",
  weight: 3,
  overfills: true,
  async run({ bus, model }) {
    const count = await bus.store.write(async (tx) => {
      await openIntake(tx);
      return await unparkAll(tx, "run");
    });
    model.state.stopping = false;
    assert.equal(count, holding.unpark(model, "run"));
    return `the swarm is up: ${count} are brought back`;
  },
};

const handsOver: Step = {
  name: "hand over",
  weight: 1,
  overfills: true,
  async run(world) {
    const { bus, model } = world;
    const from = pickInbox(world);
    const to = pickInbox(world);
    if (from === undefined || to === undefined || from === to) return "nothing to hand over";
    const came = await bus.store.write((tx) =>
      handover(tx, bus.settings, { from, to, reason: "for a reason" }),
    );
    assert.deepEqual(came, holding.handover(model, from, to));
    return `${from} is handed over to ${to}: ${say(came)}`;
  },
};

export const rulingSteps: readonly Step[] = [
  crashes,
  restarts,
  reboots,
  setsWall,
  drains,
  resumes,
  stops,
  goesDown,
  goesUp,
  handsOver,
];

// Steps of those who keep house: limits, purges, dead letters, retention.
import assert from "node:assert/strict";
import { dropAllDead } from "../../../src/bus/dead-drop.ts";
import { retryAllDead } from "../../../src/bus/dead-retry.ts";
import {
  clearInboxLimits,
  clearSenderLimits,
  setInboxLimits,
  setSenderLimits,
} from "../../../src/bus/set-limits.ts";
import { findPurgeable, purge } from "../../../src/bus/purge.ts";
import { retain } from "../../../src/bus/retain.ts";
import { answerOf } from "../../helpers/answer-of.ts";
import {
  deadIn,
  dropDead,
  findPurgeable as modelFind,
  purge as modelPurge,
  retryDead,
} from "../model/dead.ts";
import { retain as modelRetain } from "../model/retention.ts";
import { createInbox } from "../model/state.ts";
import type { Step } from "../step.ts";
import { pacedAgent, pacedInbox, pickInbox } from "../world.ts";
import { say } from "./sends.ts";

const limits: Step = {
  name: "limit",
  weight: 2,
  async run({ random, bus, model, inboxes }) {
    const { store, settings } = bus;
    const kind = random.pick(["cap", "clear", "inbox rate", "sender rate", "free"] as const)!;
    const { inboxes: accounts, senders } = model.state;
    const pace = { ratePerS: random.pick([10, 20])!, burst: random.whole(1, 3) };
    const rate = { perS: pace.ratePerS, burst: pace.burst, arrivalTick: null };
    if (kind === "cap") {
      const inbox = random.pick(inboxes)!;
      const cap = random.whole(2, 6);
      await store.write((tx) => setInboxLimits(tx, settings, inbox, { cap }));
      createInbox(model, inbox);
      const account = accounts.get(inbox)!;
      account.cap = cap;
      if (account.rate !== null) account.rate.arrivalTick = null;
      return `${inbox} holds ${cap}`;
    }
    if (kind === "clear") {
      const inbox = random.pick(inboxes)!;
      const came = await answerOf(
        store.write((tx) => clearInboxLimits(tx, inbox)),
        (had) => had,
      );
      const account = accounts.get(inbox);
      const had = account !== undefined && (account.cap !== null || account.rate !== null);
      assert.equal(came, account === undefined ? "E_NOT_FOUND" : had);
      if (account !== undefined) Object.assign(account, { cap: null, rate: null });
      return `${inbox} has no limits of its own`;
    }
    if (kind === "inbox rate") {
      await store.write((tx) => setInboxLimits(tx, settings, pacedInbox, pace));
      createInbox(model, pacedInbox);
      accounts.get(pacedInbox)!.rate = rate;
      return `${pacedInbox} takes ${say(pace)}`;
    }
    if (kind === "sender rate") {
      await store.write((tx) => setSenderLimits(tx, pacedAgent, pace));
      senders.set(pacedAgent, { ...rate, refused: senders.get(pacedAgent)?.refused ?? 0 });
      return `${pacedAgent} sends ${say(pace)}`;
    }
    const had = await store.write((tx) => clearSenderLimits(tx, pacedAgent));
    assert.equal(had, senders.delete(pacedAgent));
    return `${pacedAgent} sends as it likes`;
  },
};

const looksForPurge: Step = {
  name: "look what to purge",
  weight: 3,
  async run(world, agent) {
    const { random, bus, model } = world;
    const inbox = pickInbox(world);
    if (inbox === undefined) return "nothing to purge";
    const olderThanMs = random.pick([0, 0, 100])!;
    const found = await bus.store.read((tx) =>
      findPurgeable(tx, { inbox, olderThanMs, dead: true }),
    );
    assert.deepEqual(found, modelFind(model, inbox, olderThanMs));
    agent.found = { inbox, ...found };
    return `${agent.name} looks what to purge from ${inbox}: ${say(found)}`;
  },
};

const purges: Step = {
  name: "purge",
  weight: 3,
  async run({ bus, model, agents }) {
    const agent = agents.find((one) => one.found !== undefined);
    if (agent === undefined) return "nobody has looked what to purge";
    const { name } = agent;
    const found = agent.found!;
    agent.found = undefined;
    const { ready, delayed, parked, dead } = await purge(bus, found.inbox, found, { by: name });
    const came = [ready + delayed + parked, dead];
    assert.deepEqual(came, modelPurge(model, found.inbox, found));
    return `${name} purges ${found.inbox}: ${say(came)}`;
  },
};

const retries: Step = {
  name: "dead retry",
  weight: 3,
  overfills: true,
  async run(world, { name }) {
    const { bus, model } = world;
    const inbox = pickInbox(world);
    if (inbox === undefined) return "nothing is dead";
    const came = await answerOf(retryAllDead(bus, inbox, { by: name }), (count) => count);
    const expected = retryDead(model, deadIn(model, inbox));
    assert.deepEqual(came, typeof expected === "string" ? expected : expected.length);
    return `the dead of ${inbox} are tried again: ${say(came)}`;
  },
};

const drops: Step = {
  name: "dead drop",
  weight: 1,
  async run(world, { name }) {
    const { bus, model } = world;
    const inbox = pickInbox(world);
    if (inbox === undefined) return "nothing is dead";
    const count = await dropAllDead(bus, inbox, { by: name });
    assert.equal(count, dropDead(model, deadIn(model, inbox)).length);
    return `the dead of ${inbox} are dropped: ${count}`;
  },
};

const retains: Step = {
  name: "retention",
  weight: 2,
  async run({ bus, model }) {
    await retain(bus);
    modelRetain(model);
    return "a turn of retention";
  },
};

export const keepingSteps: readonly Step[] = [
  limits,
  looksForPurge,
  purges,
  retries,
  drops,
  retains,
];

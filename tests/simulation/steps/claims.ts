// Steps of those who claim, and of what becomes of what they hold.
import assert from "node:assert/strict";
import { leasesOf, renewTx } from "../../../src/bus/lease.ts";
import type { Delivery } from "../../../src/bus/message.ts";
import { receive } from "../../../src/bus/receive.ts";
import { ackAllTx, ackTx, extendTx, nackTx, replyByReceiptTx } from "../../../src/bus/settle.ts";
import { bytesOf, textOf } from "../../../src/core/text.ts";
import { answerOf } from "../../helpers/answer-of.ts";
import { begin, settle } from "../calls.ts";
import * as model from "../model/claiming.ts";
import type { Item, Model } from "../model/state.ts";
import type { Step } from "../step.ts";
import { type Agent, type World, waitsOn } from "../world.ts";
import { draftOf, say, sayDraft, thinkOfDraft } from "./sends.ts";

function thinkOfClaim({ random, inboxes }: World, { name }: Agent) {
  const inbox = random.pick([...inboxes, ...inboxes, name])!;
  return { inbox, holder: name, max: random.whole(1, 4), leaseMs: random.pick([50, 100])! };
}

/** One of the receipts that `agent` was given, or that anybody was. */
function pickReceipt({ random, agents }: World, agent: Agent): string {
  const others =
    random.share() < 0.1 || agent.receipts.length === 0
      ? agents.flatMap(({ receipts }) => receipts)
      : [];
  const all = others.length > 0 ? others : agent.receipts;
  // Mostly the newest: what came before is done mostly.
  return all.at(-1 - Math.floor(random.share() ** 2 * all.length)) ?? "1.1.1";
}

/** A delivery as it was handed out. */
function seen(delivery: Delivery) {
  const { id, from, to, priority, attempt, sentAt, leaseUntil, replyTo, receipt } = delivery;
  const number = receipt!.slice(0, receipt!.lastIndexOf("."));
  const body = textOf(delivery.body);
  return { id, number, from, to, body, priority, attempt, sentAt, leaseUntil, replyTo };
}

/** The same of what the model hands out. */
function shown({ state, clock }: Model, item: Item) {
  const { messageId, inbox, attempt, leaseTick } = item;
  const { from, body, priority, sentAt, replyTo } = state.messages.get(messageId)!;
  const leaseUntil = clock.now() + leaseTick! - clock.tick();
  const number = `${item.id}.${item.epoch}`;
  return {
    id: messageId,
    number,
    from,
    to: inbox,
    body,
    priority,
    attempt,
    sentAt,
    leaseUntil,
    replyTo,
  };
}

/** Has `agent` claim, and wait for so long when there is nothing. */
async function claim(world: World, agent: Agent, waitMs: number, settled: string[]) {
  const wanted = thinkOfClaim(world, agent);
  const before =
    settled.length === 0
      ? undefined
      : async (tx: Parameters<typeof ackAllTx>[0]) => void (await ackAllTx(tx, settled));
  const deadline = world.model.clock.tick() + waitMs;
  let given: string[] = [];
  const receiving = receive(agent.bus, { ...wanted, waitMs, before });
  const call = await begin(world, agent, receiving, (claimed) => {
    given = claimed.map(({ receipt }) => receipt!);
    agent.receipts.push(...given);
    return claimed.map(seen);
  });
  let first = true;
  call.look = () => {
    if (first && settled.length > 0 && model.ackAll(world.model, settled) === "E_STALE")
      return "E_STALE";
    first = false;
    const claimed = model.claim(world.model, wanted);
    if (claimed === "E_DRAINING") return claimed;
    if (claimed.length === 0) return world.model.clock.tick() < deadline ? waitsOn : [];
    const expected = claimed.map((item) => shown(world.model, item));
    model.noteReceipts(world.model, claimed, given);
    return expected;
  };
  const { inbox, max, leaseMs } = wanted;
  const after = settled.length === 0 ? "" : `acks ${settled.join(", ")} and `;
  const wait = waitMs === 0 ? "" : `, waiting ${waitMs}`;
  const came = settle(agent, call);
  return `${agent.name} ${after}claims ${max} of ${inbox} for ${leaseMs}${wait}: ${given.join(", ") || say(came)}`;
}

const claims: Step = {
  name: "claim",
  weight: 12,
  run: async (world, agent) =>
    agent.call === undefined ? await claim(world, agent, 0, []) : `${agent.name} is busy`,
};

const waits: Step = {
  name: "wait",
  weight: 3,
  run: async (world, agent) =>
    agent.call === undefined ? await claim(world, agent, 150, []) : `${agent.name} is busy`,
};

const goesOn: Step = {
  name: "settle and claim the next",
  weight: 3,
  run: async (world, agent) =>
    agent.call === undefined
      ? await claim(world, agent, 0, agent.receipts.slice(-2))
      : `${agent.name} is busy`,
};

const acks: Step = {
  name: "ack",
  weight: 10,
  async run(world, agent) {
    const { random, bus } = world;
    const receipt = pickReceipt(world, agent);
    const body = random.share() < 0.4 ? `!${++world.bodies}` : undefined;
    const drafts = random.share() < 0.25 ? [thinkOfDraft(world, agent)] : [];
    const reply = body === undefined ? undefined : { body: bytesOf(body) };
    const from = agent.name;
    const acking = bus.store.write((tx) =>
      ackTx(tx, bus.settings, receipt, { from, reply, send: drafts.map(draftOf) }),
    );
    const came = await answerOf(acking, ({ already, reply: replied, sent = [] }) =>
      already === true
        ? "already"
        : [...(replied === undefined ? [] : [replied]), ...sent].map(({ id }) => id),
    );
    const expected = model.ack(world.model, receipt, {
      ...(body !== undefined && { body }),
      from,
      drafts,
    });
    assert.deepEqual(came, expected);
    const answer = body === undefined ? "" : ` with the answer ${body}`;
    const sent = drafts.map((draft) => ` and sends ${sayDraft(draft)}`).join("");
    return `${agent.name} acks ${receipt}${answer}${sent}: ${say(came)}`;
  },
};

const ackMany: Step = {
  name: "ack many",
  weight: 2,
  async run(world, agent) {
    const { random, bus } = world;
    const all = Array.from({ length: random.whole(1, 4) }, () => pickReceipt(world, agent));
    const came = await answerOf(
      bus.store.write((tx) => ackAllTx(tx, all)),
      (acked) => acked.map(({ already }) => (already === true ? "already" : "acked")),
    );
    assert.deepEqual(came, model.ackAll(world.model, all));
    return `${agent.name} acks ${all.join(", ")}: ${say(came)}`;
  },
};

const replies: Step = {
  name: "reply",
  weight: 3,
  async run(world, agent) {
    const { bus } = world;
    const receipt = pickReceipt(world, agent);
    const body = `!${++world.bodies}`;
    const given = { from: agent.name, reply: { body: bytesOf(body) } };
    const came = await answerOf(
      bus.store.write((tx) => replyByReceiptTx(tx, bus.settings, receipt, given)),
      ({ id }) => id,
    );
    assert.deepEqual(came, model.reply(world.model, receipt, { from: agent.name, body }));
    return `${agent.name} answers ${receipt} with ${body}: ${say(came)}`;
  },
};

const nacks: Step = {
  name: "nack",
  weight: 5,
  async run(world, agent) {
    const { random, bus } = world;
    const receipt = pickReceipt(world, agent);
    const delayMs = random.pick([0, 0, 50, 100])!;
    const came = await answerOf(
      bus.store.write((tx) => nackTx(tx, bus.settings, receipt, { delayMs })),
      ({ state }) => state,
    );
    assert.deepEqual(came, model.nack(world.model, receipt, delayMs));
    return `${agent.name} nacks ${receipt} for ${delayMs}: ${say(came)}`;
  },
};

const extendsLease: Step = {
  name: "extend",
  weight: 2,
  async run(world, agent) {
    const { random, bus } = world;
    const receipt = pickReceipt(world, agent);
    const leaseMs = random.pick([50, 200])!;
    const came = await answerOf(
      bus.store.write((tx) => extendTx(tx, receipt, leaseMs)),
      () => "extended",
    );
    assert.deepEqual(came, model.extend(world.model, receipt, leaseMs));
    return `${agent.name} extends ${receipt} to ${leaseMs}: ${say(came)}`;
  },
};

const renews: Step = {
  name: "renew",
  weight: 1,
  async run(world, { name }) {
    const { random, bus } = world;
    const leaseMs = random.pick([50, 200])!;
    await bus.store.write(async (tx) => renewTx(tx, await leasesOf(tx, name), leaseMs));
    model.renew(world.model, name, leaseMs);
    return `what ${name} holds is renewed for ${leaseMs}`;
  },
};

export const claimingSteps: readonly Step[] = [
  claims,
  waits,
  goesOn,
  acks,
  ackMany,
  replies,
  nacks,
  extendsLease,
  renews,
];

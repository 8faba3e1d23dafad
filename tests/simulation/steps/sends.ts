// Steps that put something into inboxes.
import assert from "node:assert/strict";
import type { Draft } from "../../../src/bus/message.ts";
import { publish } from "../../../src/bus/publish.ts";
import { request } from "../../../src/bus/request.ts";
import { send, sendBatch } from "../../../src/bus/send.ts";
import { subscribeTx } from "../../../src/bus/subscribe.ts";
import { unsubscribeTx } from "../../../src/bus/unsubscribe.ts";
import { isSkepError } from "../../../src/core/errors.ts";
import { bytesOf } from "../../../src/core/text.ts";
import { answerOf } from "../../helpers/answer-of.ts";
import { begin, settle } from "../calls.ts";
import { sendBatch as modelBatch } from "../model/batch.ts";
import { ack, claim, noteReceipts } from "../model/claiming.ts";
import { parkOverdue } from "../model/holding.ts";
import { withdraw } from "../model/endings.ts";
import { closeInbox, retainAfter } from "../model/retention.ts";
import {
  type ModelDraft,
  type Outcome,
  isRefused,
  publish as modelPublish,
} from "../model/sending.ts";
import { type Refusal, createInbox } from "../model/state.ts";
import type { Step } from "../step.ts";
import { type Agent, type World, pacedAgent, pacedInbox, waitsOn } from "../world.ts";

const times = [
  ...[0, 0, 0, 0, 50, 100].map((delayMs) => ({ delayMs, ttlMs: null })),
  ...[50, 100, 200].map((ttlMs) => ({ delayMs: 0, ttlMs })),
  { delayMs: 50, ttlMs: 100 },
];
const topics = ["news.sport", "news.art"];
const patterns = [...topics, "news.*", ">"];

/** A message, to anybody. */
export function thinkOfDraft(world: World, { name }: Agent): ModelDraft {
  const { random, inboxes } = world;
  const keyed = random.share() < 0.15;
  // With a key it is to be the same one again, now and then.
  const body = keyed ? `k${random.whole(1, 2)}` : `${++world.bodies}`;
  return {
    to: random.share() < 0.1 ? random.pick(world.agents)!.name : random.pick(inboxes)!,
    body: body.padEnd(random.pick([1, 4, 12])!, "."),
    priority: random.pick([4, 4, 4, 3, 5])!,
    replyTo: random.share() < 0.25 ? random.pick([name, ...inboxes])! : null,
    ...random.pick(times)!,
    key: keyed ? `key-${random.whole(1, 3)}` : null,
  };
}

/** The same as the bus takes it. */
export function draftOf({ body, ttlMs, ...more }: ModelDraft): Draft {
  return { ...more, body: bytesOf(body), ttlMs: ttlMs ?? undefined };
}

export function sayDraft({ to, body, priority, replyTo, delayMs, ttlMs, key }: ModelDraft): string {
  return [
    `${JSON.stringify(body)} to ${to}`,
    ...(priority === 4 ? [] : [`priority ${priority}`]),
    ...(replyTo === null ? [] : [`answer to ${replyTo}`]),
    ...(delayMs === 0 ? [] : [`delay ${delayMs}`]),
    ...(ttlMs === null ? [] : [`ttl ${ttlMs}`]),
    ...(key === null ? [] : [`key ${key}`]),
  ].join(", ");
}

const sends: Step = {
  name: "send",
  weight: 14,
  async run(world, agent) {
    if (agent.call !== undefined) return `${agent.name} is busy`;
    const { random, model } = world;
    const draft = thinkOfDraft(world, agent);
    const from = random.share() < 0.1 ? null : agent.name;
    // How long somebody waits who has a rate is what another test is about.
    const free = draft.to !== pacedInbox && from !== pacedAgent && draft.replyTo === null;
    const timeoutMs = free && random.share() < 0.3 ? 150 : 0;
    const onFull = timeoutMs > 0 ? "wait" : "fail";
    const deadline = model.clock.tick() + timeoutMs;
    const sending = send(agent.bus, draftOf(draft), { from, onFull, timeoutMs });
    const call = await begin(world, agent, sending, ({ id, already = false }) => [id, already]);
    call.look = () => {
      const waits = model.clock.tick() < deadline;
      const outcomes = modelBatch(model, from, [draft], { atomic: true, waits });
      if (outcomes === "waits") return waitsOn;
      return typeof outcomes === "string" ? outcomes : plain(outcomes[0]!);
    };
    const wait = timeoutMs > 0 ? `, waiting ${timeoutMs}` : "";
    return `${from ?? "somebody"} sends ${sayDraft(draft)}${wait}: ${say(settle(agent, call))}`;
  },
};

const batches: Step = {
  name: "batch",
  weight: 4,
  async run(world, agent) {
    const { random, model } = world;
    const atomic = random.share() < 0.5;
    const drafts = Array.from({ length: random.whole(1, 5) }, () => thinkOfDraft(world, agent));
    // Those that go together are sent in another way.
    if (random.share() < 0.5)
      for (const draft of drafts)
        Object.assign(draft, { to: drafts[0]!.to, delayMs: 0, ttlMs: null, replyTo: null });
    const options = { from: agent.name, onFull: "fail", timeoutMs: 0, atomic } as const;
    const came = await answerOf(sendBatch(agent.bus, drafts.map(draftOf), options), (all) =>
      all.map((one) => (isSkepError(one) ? one.code : [one.id, one.already === true])),
    );
    const expected = modelBatch(model, agent.name, drafts, { atomic });
    assert.deepEqual(came, typeof expected === "string" ? expected : expected.map(plain));
    const lines = drafts.map(sayDraft).join("; ");
    return `${agent.name} sends ${atomic ? "all or none" : "each"} of: ${lines}: ${say(came)}`;
  },
};

const publishes: Step = {
  name: "publish",
  weight: 3,
  async run(world, agent) {
    const { random, model } = world;
    const topic = random.pick(topics)!;
    const body = `${++world.bodies}`;
    const skipFull = random.share() < 0.3;
    const options = { from: agent.name, skipFull, onFull: "fail", timeoutMs: 0 } as const;
    const came = await answerOf(
      publish(agent.bus, { topic, body: bytesOf(body) }, options),
      ({ id, deliveries }) => ({ id, deliveries }),
    );
    const expected = modelPublish(model, agent.name, { topic, body, skipFull });
    if (expected === "E_DRAINING") parkOverdue(model);
    else if (!isRefused(expected) && expected.id !== null)
      retainAfter(model, expected.id, expected.deliveries);
    assert.deepEqual(came, isRefused(expected) ? expected.code : expected);
    const whole = skipFull ? ", to those who have room" : "";
    return `${agent.name} publishes ${JSON.stringify(body)} on ${topic}${whole}: ${say(came)}`;
  },
};

const subscribes: Step = {
  name: "subscribe",
  weight: 2,
  async run({ random, bus, model, inboxes }, { name }) {
    const pattern = random.pick(patterns)!;
    const inbox = random.pick([...inboxes, name])!;
    const { already = false } = await bus.store.write((tx) => subscribeTx(tx, pattern, inbox));
    createInbox(model, inbox);
    const key = `${pattern} ${inbox}`;
    assert.equal(already, model.state.subscriptions.has(key));
    if (!already) model.state.subscriptions.set(key, { pattern, inbox, skipped: 0 });
    return `${inbox} is subscribed to ${pattern}`;
  },
};

const unsubscribes: Step = {
  name: "unsubscribe",
  weight: 1,
  async run({ random, bus, model, inboxes }) {
    const pattern = random.pick(patterns)!;
    const inbox = random.pick(inboxes)!;
    const came = await answerOf(
      bus.store.write((tx) => unsubscribeTx(tx, pattern, inbox)),
      () => true,
    );
    assert.equal(came, model.state.subscriptions.delete(`${pattern} ${inbox}`) || "E_NOT_FOUND");
    return `${inbox} is subscribed to ${pattern} no more: ${say(came)}`;
  },
};

const requests: Step = {
  name: "request",
  weight: 4,
  async run(world, agent) {
    const { random, model } = world;
    if (agent.call !== undefined) return `${agent.name} is busy`;
    const { name } = agent;
    const timeoutMs = random.pick([0, 80, 200])!;
    const ttlMs = random.share() < 0.3 ? 150 : null;
    const to = random.pick([...world.inboxes, random.pick(world.agents)!.name])!;
    const draft = { to, body: `${++world.bodies}?`, priority: 4, replyTo: null, delayMs: 0 };
    const startTick = model.clock.tick();
    const expiresAt = model.clock.now() + timeoutMs;
    const options = { from: name, onFull: "fail", timeoutMs } as const;
    const asked: Draft = draftOf({ ...draft, ttlMs, key: null });
    let receipt: string | undefined;
    const call = await begin(world, agent, request(agent.bus, asked, options), (answer) => {
      receipt = answer.receipt!;
      return [answer.id, answer.body.toString()];
    });
    const inbox = newRequestInbox(world);
    createInbox(model, inbox, expiresAt + 1_000);
    let question: number | undefined;
    const over = (outcome: unknown) => {
      if (question !== undefined && ttlMs === null) withdraw(model, question);
      closeInbox(model, inbox);
      return outcome;
    };
    call.look = () => {
      if (question === undefined) {
        const whole: ModelDraft = { ...draft, ttlMs, replyTo: inbox, key: null };
        if (ttlMs === null) whole.expiresAt = expiresAt;
        const how = { atomic: true, answerInbox: inbox };
        const sent = modelBatch(model, name, [whole], how);
        if (typeof sent === "string") return over(sent);
        question = (sent[0] as { id: number }).id;
      }
      const { leaseMs } = model.settings;
      const claimed = claim(model, { inbox, holder: name, max: 1, leaseMs, create: false });
      if (typeof claimed === "string") return over(claimed);
      if (!model.state.inboxes.has(inbox)) return over("E_EMPTY");
      const [answer] = claimed;
      if (answer === undefined)
        return model.clock.tick() >= startTick + timeoutMs ? over("E_EMPTY") : waitsOn;
      const { id, messageId } = answer;
      const { body } = model.state.messages.get(messageId)!;
      noteReceipts(model, claimed, [receipt ?? ""]);
      ack(model, receipt ?? "", { from: name, drafts: [] });
      question = undefined;
      return over([id, bytesOf(body).toString()]);
    };
    const what = `${JSON.stringify(draft.body)} of ${to}, waiting ${timeoutMs}`;
    return `${name} asks ${what}: ${say(settle(agent, call))}`;
  },
};

/** The name of the inbox that a request has just made, which nobody can know before; any when it is gone without a trace. */
function newRequestInbox({ database, requests }: World): string {
  const { ledger, messages } = database.lines();
  const names = `${ledger}\n${messages}`.match(/\brequest-[0-9a-f]+/g) ?? [];
  const name = names.find((one) => !requests.has(one)) ?? "request-none";
  requests.add(name);
  return name;
}

export const sendingSteps: readonly Step[] = [
  sends,
  batches,
  publishes,
  subscribes,
  unsubscribes,
  requests,
];

export function say(answer: unknown): string {
  return typeof answer === "string" ? answer : JSON.stringify(answer);
}

/** An outcome as a caller is told it. */
function plain(outcome: Outcome): string | [number, boolean] {
  if (typeof outcome === "string") return outcome satisfies Refusal;
  return "id" in outcome ? [outcome.id, outcome.already === true] : outcome.code;
}

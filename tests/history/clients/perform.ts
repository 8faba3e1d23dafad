// A step of a client, done through the bus.
import type { Bus } from "../../../src/bus/bus.ts";
import { dropAllDead } from "../../../src/bus/dead-drop.ts";
import { retryAllDead } from "../../../src/bus/dead-retry.ts";
import { drain } from "../../../src/bus/drain.ts";
import { handBack } from "../../../src/bus/hand-back.ts";
import { handover } from "../../../src/bus/handover.ts";
import type { Delivery, Draft, Sent } from "../../../src/bus/message.ts";
import { publish } from "../../../src/bus/publish.ts";
import { findPurgeable, purge } from "../../../src/bus/purge.ts";
import { receive } from "../../../src/bus/receive.ts";
import { request } from "../../../src/bus/request.ts";
import { resumeTx } from "../../../src/bus/resume.ts";
import { sendBatch } from "../../../src/bus/send.ts";
import { ackAllTx, ackTx, extendTx, nackTx } from "../../../src/bus/settle.ts";
import { isSkepError } from "../../../src/core/errors.ts";
import { bodyOf, uidOf } from "../body.ts";
import type { Args, Got, Result, Sending } from "../event.ts";
import type { Step } from "./mind.ts";

/** Does `step` as `name`: what it was told. Throws what the bus throws. */
export async function perform(bus: Bus, name: string, { op, args }: Step): Promise<Result> {
  return await verbs[op]!(bus, args, args.sends?.[0]?.from ?? name);
}

type Verb = (bus: Bus, args: Args, name: string) => Promise<Result>;

const verbs: Record<string, Verb> = {
  send: sendAll,
  batch: sendAll,

  async publish(bus, { sends, ...args }, name) {
    const { uid, bytes, topic, priority } = sends![0]!;
    const publication = { topic: topic!, body: bodyOf(uid, bytes), priority };
    const { id } = await publish(bus, publication, optionsOf(args, name));
    return { sent: id === null ? [] : [id] };
  },

  async request(bus, { sends, ...args }, name) {
    const answer = await request(bus, draftOf(sends![0]!), optionsOf(args, name));
    // An answer belongs to the conversation that its question began.
    const got = gotOf(answer);
    return { sent: [Number(answer.thread)], got: [got], acked: [{ receipt: got.receipt }] };
  },

  async claim(bus, { claim, acks = [], acksAll }, name) {
    const acked: Result["acked"] = [];
    const before = async (tx: Parameters<typeof ackAllTx>[0]) => {
      acked.length = 0;
      acked.push(...(await ackAllTx(tx, acks)).map(ackedOf));
    };
    const options = { ...claim!, holder: name, ...(acks.length > 0 && { before }) };
    const got = (await receive(bus, options)).map(gotOf);
    if (acksAll === true && got.length > 0) acked.push(...(await ackGot(bus, got)));
    return { got, ...(acked.length > 0 && { acked }) };
  },

  async ack({ store, settings }, { acks = [], sends = [] }, name) {
    if (acks.length > 1) {
      const acked = await store.write((tx) => ackAllTx(tx, acks));
      return { acked: acked.map(ackedOf) };
    }
    const reply = sends.find(({ isReply }) => isReply === true);
    const rest = sends.filter((sending) => sending !== reply);
    const what = {
      from: name,
      reply: reply && { body: bodyOf(reply.uid, reply.bytes), type: "reply" },
      send: rest.map(draftOf),
    };
    const acked = await store.write((tx) => ackTx(tx, settings, acks[0]!, what));
    const sent = [...(acked.reply ? [acked.reply] : []), ...(acked.sent ?? [])];
    return { acked: [ackedOf(acked)], ...(sent.length > 0 && { sent: sent.map(({ id }) => id) }) };
  },

  async nack({ store, settings }, { nack, forMs }) {
    await store.write((tx) => nackTx(tx, settings, nack!, { delayMs: forMs }));
    return {};
  },

  async extend({ store }, { extend, forMs }) {
    await store.write((tx) => extendTx(tx, extend!, forMs!));
    return {};
  },

  async purge(bus, { inbox }, name) {
    const found = await bus.store.read((tx) => findPurgeable(tx, { inbox: inbox!, dead: false }));
    const { ready, delayed, parked } = await purge(bus, inbox!, found, { by: name });
    return { count: ready + delayed + parked };
  },

  retry: async (bus, { inbox }, name) => ({ count: await retryAllDead(bus, inbox, { by: name }) }),
  drop: async (bus, { inbox }, name) => ({ count: await dropAllDead(bus, inbox, { by: name }) }),

  async handover({ store, settings }, { inbox, to }) {
    const { moved } = await store.write((tx) =>
      handover(tx, settings, { from: inbox!, to: to!, reason: "somebody else goes on" }),
    );
    return { count: moved };
  },

  async "hand-back"({ store, settings }, { holder }) {
    const count = await store.write((tx) =>
      handBack(tx, settings, holder!, "died", "it was killed"),
    );
    return { count };
  },

  async drain(bus, { timeoutMs }) {
    const { parked, conservation } = await drain(bus, { timeoutMs, usualMs: 100 });
    return { parked, holds: conservation.holds };
  },

  async resume({ store }) {
    const { resumed, already } = await store.write(resumeTx);
    return { count: resumed, already };
  },

  async look({ store }) {
    const live = await store.read((tx) =>
      tx.get<NonNullable<Result["live"]>>(
        `select coalesce(sum(ready), 0) as ready, coalesce(sum(delayed), 0) as delayed,
                coalesce(sum(leased), 0) as leased, coalesce(sum(parked), 0) as parked from ledger`,
      ),
    );
    return { live: live! };
  },
};

async function sendAll(bus: Bus, { sends = [], atomic, ...args }: Args, name: string) {
  const options = { ...optionsOf(args, name), atomic: atomic ?? sends.length === 1 };
  const outcomes = await sendBatch(bus, sends.map(draftOf), options);
  const again = outcomes.flatMap((one, at) => (!isSkepError(one) && one.already ? [at] : []));
  const sent = outcomes.map((one) => (isSkepError(one) ? one.code : (one as Sent).id));
  return { sent, ...(again.length > 0 && { again }) };
}

// As `recv --ack` does: once it has been read, so it stays claimed when that goes wrong.
async function ackGot({ store }: Bus, got: readonly Got[]) {
  const receipts = got.map(({ receipt }) => receipt);
  try {
    return (await store.write((tx) => ackAllTx(tx, receipts))).map(ackedOf);
  } catch (error) {
    if (!isSkepError(error)) throw error;
    return [];
  }
}

function optionsOf({ onFull = "fail", timeoutMs = 0 }: Args, name: string) {
  return { from: name, onFull, timeoutMs };
}

function draftOf({ uid, to, bytes, key, priority, delayMs, ttlMs, replyTo }: Sending): Draft {
  return { to: to!, body: bodyOf(uid, bytes), key, priority, delayMs, ttlMs, replyTo };
}

function ackedOf({ receipt, already }: { receipt: string; already?: true }) {
  return already === true ? { receipt, again: true as const } : { receipt };
}

function gotOf({ receipt, id, body, from, to, priority, attempt, replyTo }: Delivery): Got {
  const { length: bytes } = body;
  const uid = uidOf(body);
  return { receipt: receipt!, id, uid, bytes, from, inbox: to, priority, attempt, replyTo };
}

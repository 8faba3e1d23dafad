// What is done at the same instant as something else, to the messages of one inbox.
import type { Bus } from "../../../src/bus/bus.ts";
import { drain } from "../../../src/bus/drain.ts";
import { findPurgeable, purge } from "../../../src/bus/purge.ts";
import { resumeTx } from "../../../src/bus/resume.ts";
import { sweep } from "../../../src/bus/sweep.ts";
import { isSkepError } from "../../../src/core/errors.ts";
import { ack, extend, nack } from "../../bus/verbs.ts";
import { receive } from "../../../src/bus/receive.ts";

export interface Subject {
  inbox: string;
  /** Of a delivery that is held, and whose lease may be over. */
  receipt: string;
}

export type Verb = keyof typeof verbs;

/** How it went: what it answered, or the code of its refusal. */
export type Outcome = { done: unknown } | { refused: string };

const verbs = {
  claim: async (bus: Bus, { inbox }: Subject) => {
    const claim = { inbox, holder: `claimer ${process.pid}`, max: 1, leaseMs: 60_000, waitMs: 0 };
    return (await receive(bus, claim)).map(({ id }) => id);
  },
  ack: async (bus: Bus, { receipt }: Subject) =>
    (await ack(bus, receipt)).already === true ? "already" : "acked",
  nack: async (bus: Bus, { receipt }: Subject) => (await nack(bus, receipt, { delayMs: 0 })).state,
  extend: async (bus: Bus, { receipt }: Subject) => {
    await extend(bus, receipt, 60_000);
    return "extended";
  },
  expire: (bus: Bus, { inbox }: Subject) =>
    bus.store.write(async (tx) => (await sweep(tx, bus.settings, inbox)).swept),
  purge: async (bus: Bus, { inbox }: Subject) => {
    const found = await bus.store.read((tx) => findPurgeable(tx, { inbox, dead: true }));
    return await purge(bus, inbox, found, { by: null });
  },
  drain: async (bus: Bus) => (await drain(bus, { timeoutMs: 0, usualMs: 0 })).parked,
  resume: async (bus: Bus) => (await bus.store.write(resumeTx)).resumed,
};

/** All of them, by name. */
export const verbNames = Object.keys(verbs) as Verb[];

/** Does `verb`: how it went. Throws what is no refusal. */
export async function perform(bus: Bus, verb: Verb, subject: Subject): Promise<Outcome> {
  try {
    return { done: await verbs[verb](bus, subject) };
  } catch (error) {
    if (isSkepError(error) && error.code !== "E_INTERNAL") return { refused: error.code };
    throw error;
  }
}

// Ten times as much as its receivers can take is sent to an inbox: how much of what they can do they still do, what it
// costs the senders, and how soon all is well again. Every message is accounted for, or the bench fails.
import { listInboxes } from "../src/bus/inboxes.ts";
import { setInboxLimits } from "../src/bus/set-limits.ts";
import { sleep } from "../src/core/clock.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { closeBenchBus, monotonicMs, openBenchBus, withHome } from "./home.ts";
import { type Program, bundlePrograms, endCrowd, startCrowd } from "./programs.ts";

/** What a sender answers at its end. */
export interface Sender {
  sent: number;
  refused: number;
  memoryMiB: number;
}

interface Round {
  /** Messages a second: with as many as they can do, with ten times as many, and from the end of that until none is left. */
  peak: number;
  overload: number;
  afterwards: number;
  /** What a sender's memory grew to, by what it was after a third of the time. */
  growth: number;
  refusedPerS: number;
}

const inbox = "a1";
const cap = 1_000;
const workers = 2;
const workMs = 20;
// 10 messages in each 20 ms: what the receivers can do at most, and no process has to hurry for it.
const capacityPerS = (workers * 10 * 1_000) / workMs;

export const overload: Bench = {
  name: "overload",
  summary: `${10 * capacityPerS} sends a second at receivers that can do ${capacityPerS}, half of them waiting for room`,
  async run({ rounds, small, say }) {
    await bundlePrograms("overload-send", "overload-work");
    const all: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      all.push(await withHome((home) => measure(home, small ? 0.5 : 30)));
    }
    const peak = { name: "peak", values: all.map((round) => round.peak) };
    const beside = (name: string, key: "overload" | "afterwards"): Figure => ({
      name,
      unit: "msg/s",
      wanted: "more",
      ours: all.map((round) => round[key]),
      reference: peak,
      target: { of: "ratio", limit: 0.9 },
    });
    return [
      beside("done under overload", "overload"),
      beside("done when it is over", "afterwards"),
      {
        name: "memory of a sender, by what it was at a third",
        unit: "×",
        wanted: "less",
        ours: all.map((round) => round.growth),
        target: { of: "value", limit: 1.1 },
      },
      {
        name: "refusals, each told and counted",
        unit: "/s",
        wanted: "less",
        ours: all.map((round) => round.refusedPerS),
      },
    ];
  },
};

async function measure(home: string, seconds: number): Promise<Round> {
  const bus = await openBenchBus(home);
  try {
    await bus.store.write((tx) => setInboxLimits(tx, bus.settings, inbox, { cap }));
    const receivers = await startCrowd(workers, "overload-work", () => [
      home,
      inbox,
      String(workMs),
    ]);
    // Two that wait for room keep it full, and so the receivers at work.
    const few = await startCrowd(2, "overload-send", () => [home, inbox, "wait", "0"]);
    await sleep(seconds * 100);
    const peak = await ackedPerS(receivers, seconds / 3);
    const first = await stop(few);

    const many = await startCrowd(20, "overload-send", (index) => [
      home,
      inbox,
      index % 2 === 0 ? "wait" : "fail",
      String(capacityPerS / 2),
    ]);
    await sleep(seconds * 100);
    const early1 = await ackedPerS(receivers, seconds / 3);
    const before = await memories(many);
    const late = await ackedPerS(receivers, (seconds * 2) / 3);
    const second = await stop(many);
    const growth = Math.max(...second.map(({ memoryMiB }, n) => memoryMiB / before[n]!));

    const [from, fromMs] = [await ackedBy(receivers), monotonicMs()];
    const total = sum([...first, ...second].map(({ sent }) => sent));
    let [done, doneMs] = [from, fromMs];
    while (done < total) {
      if (doneMs - fromMs > 60_000) throw new Error(`${total - done} of ${total} are not acked`);
      await sleep(5);
      [done, doneMs] = [await ackedBy(receivers), monotonicMs()];
    }
    await endCrowd(receivers);

    const refused = sum([...first, ...second].map((one) => one.refused));
    const [standing] = await bus.store.read(listInboxes);
    const { sent, acked, ready, refused: counted, waitingSenders } = standing!;
    const books = { sent, acked, ready, refused: counted, waitingSenders };
    const wanted = { sent: total, acked: total, ready: 0, refused, waitingSenders: 0 };
    if (JSON.stringify(books) !== JSON.stringify(wanted))
      throw new Error(`${JSON.stringify(books)} is not ${JSON.stringify(wanted)}`);
    return {
      peak,
      overload: (early1 + 2 * late) / 3,
      afterwards: ((total - from) / (doneMs - fromMs)) * 1_000,
      growth,
      refusedPerS: refused / seconds,
    };
  } finally {
    await closeBenchBus(bus);
  }
}

async function ackedBy(receivers: readonly Program[]): Promise<number> {
  for (const receiver of receivers) receiver.tell("look");
  return sum(await Promise.all(receivers.map((receiver) => receiver.next<number>())));
}

async function ackedPerS(receivers: readonly Program[], seconds: number): Promise<number> {
  const [from, fromMs] = [await ackedBy(receivers), monotonicMs()];
  await sleep(seconds * 1_000);
  return (((await ackedBy(receivers)) - from) / (monotonicMs() - fromMs)) * 1_000;
}

async function memories(senders: readonly Program[]): Promise<number[]> {
  for (const sender of senders) sender.tell("look");
  return await Promise.all(senders.map((sender) => sender.next<number>()));
}

async function stop(senders: readonly Program[]): Promise<Sender[]> {
  for (const sender of senders) sender.tell("stop");
  const answers = await Promise.all(senders.map((sender) => sender.next<Sender>()));
  await endCrowd(senders);
  return answers;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

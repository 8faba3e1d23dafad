// Everything is killed, at random and again and again, and nothing is lost, doubled or left.
import { join } from "node:path";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { accountFor, sentTo } from "./account.ts";
import { answers, crowdInboxes, crowdOf, crowdSettings, crowdSize, untilReady } from "./crowd.ts";
import { openGhosts } from "./ghosts.ts";
import { keepUp } from "./keep-up.ts";
import { type Place, inPlace } from "./place.ts";
import { produce } from "./producer.ts";
import type { Proof, ProofOptions } from "./proof.ts";
import { type Kind, type Scene, killOne, planKills } from "./victims.ts";

const gapMostMs = 400;
const moreMost = 100;
const acceptedWithinMs = 300_000;
// Less than a lease: what was not given back is not done by then.
const doneWithinMs = 300_000;

export const kills: Proof = {
  name: "kills",
  summary:
    "100 agents; programs, hosts, supervisor, guardian and the sender of their work are killed at random",
  count: 300,
  quick: 20,
  unit: "kills",
  async run(options) {
    const { executable } = options;
    let figures = "";
    const faults = await inPlace({ executable, settings: crowdSettings }, async (place) => {
      const ended = await killAll(place, options);
      figures = ended.figures;
      return ended.faults;
    });
    return { faults, figures };
  },
};

async function killAll(place: Place, { count, random, progress }: ProofOptions) {
  const receipts = join(place.directory, "receipts");
  await place.makeInboxes(answers);
  const keeper = keepUp(place, place.file(crowdOf("kills", receipts)));
  await untilReady(place, crowdSize);
  let done = 0;
  const work = {
    inboxes: crowdInboxes,
    answers,
    leastMs: 0,
    mostMs: 300,
    atOnce: 150,
    done: () => done,
  };
  const producer = produce(place, random, work);
  const ghosts = openGhosts(place, receipts);
  const scene: Scene = { place, keeper, producer, random };
  const hits = new Map<Kind, number>();
  let killed = 0;

  const hit = async (kind: Kind) => {
    // Who is to be hit may be about to start.
    while (!(await killOne(scene, kind))) await sleep(20);
    killed++;
    hits.set(kind, (hits.get(kind) ?? 0) + 1);
    done = await sentTo(place, answers);
    progress(`${killed} of ${count} killed, ${done} of ${producer.accepted.size} messages done`);
    await ghosts.show();
  };

  for (const kind of planKills(count, random)) {
    // Some come at once after another.
    if (random.share() < 0.7) await sleep(random.whole(0, gapMostMs));
    const run = (await place.app.lastRun())!.id;
    await hit(kind);
    // What comes after the end of a supervisor may hit a swarm that is back, or one that is on its way.
    if (["supervisor", "guardian", "both"].includes(kind) && random.share() < 0.8)
      await untilReady(place, random.pick([1, 50, 90])!, run);
  }
  // Of the few that a quick proof kills none may have held what it could ack too late.
  for (let more = 0; more < moreMost && ghosts.refused() === 0; more++) {
    await sleep(gapMostMs);
    await hit("program");
  }

  const faults = await producer.finish(acceptedWithinMs);
  const { accepted } = producer;
  faults.push(...(await untilAnswered(place, accepted.size)));
  await ghosts.show();
  faults.push(...(await keeper.down()), ...(await accountFor(place, accepted, answers)));
  faults.push(...ghosts.faults);
  if (ghosts.refused() === 0) faults.push("no late ack was refused, so none was tried");
  const each = [...hits].map(([kind, times]) => `${times} × ${kind}`).join(", ");
  const figures =
    `${killed} kills (${each}); ${accepted.size} messages, ${producer.again()} sent again; ` +
    `${ghosts.refused()} late acks refused; skep up ${keeper.calls()} times, and ${keeper.restarts()} restarts below it`;
  return { faults, figures };
}

/** Waits for all answers, as long as some come: the fault when none do. */
async function untilAnswered(place: Place, all: number): Promise<string[]> {
  let done = await sentTo(place, answers);
  for (let sinceMs = elapsedMs(); done < all;) {
    const idleMs = elapsedMs() - sinceMs;
    await sleep(50);
    const now = await sentTo(place, answers);
    if (now > done) sinceMs = elapsedMs();
    else if (idleMs >= doneWithinMs)
      return [
        `${all - done} of ${all} messages were not done, and nothing happened for ${doneWithinMs / 1_000} s`,
      ];
    done = now;
  }
  return [];
}

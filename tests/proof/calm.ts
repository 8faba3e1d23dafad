// Nobody is suspected, let alone killed, who is only slow: the whole crowd on a machine that has much more to do than it can.
import { join } from "node:path";
import { readBeats } from "../../src/agents/heartbeat.ts";
import { signalProcess } from "../../src/agents/process.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { sentTo } from "./account.ts";
import { answers, crowdInboxes, crowdOf, crowdSettings, crowdSize, untilReady } from "./crowd.ts";
import { keepUp } from "./keep-up.ts";
import { type Place, inPlace } from "./place.ts";
import { produce } from "./producer.ts";
import type { Proof, ProofOptions } from "./proof.ts";

const burners = 4;
const writers = 6;
const health = "health";
const lookEveryMs = 1_000;

// The writers would fill the disk.
const settings = crowdSettings.replace("[bus]", "[bus]\nhistory_rows_max = 10000");

export const calm: Proof = {
  name: "calm",
  summary: `100 agents at work beside ${burners} busy loops and ${writers} saturating writers; nobody is suspected or killed`,
  count: 600,
  quick: 25,
  unit: "seconds",
  async run(options) {
    const { executable } = options;
    let figures = "";
    const faults = await inPlace({ executable, settings, forgets: true }, async (place) => {
      const ended = await stayCalm(place, options);
      figures = ended.figures;
      return ended.faults;
    });
    return { faults, figures };
  },
};

async function stayCalm(place: Place, { count: seconds, random, progress }: ProofOptions) {
  const sides = Array.from({ length: writers }, (_, index) => `side-${index + 1}`);
  await place.makeInboxes(answers, ...sides);
  await place.app.store.write((tx) => subscribeTx(tx, "agents.health", health));
  const keeper = keepUp(place, place.file(crowdOf("calm", join(place.directory, "receipts"))));
  await untilReady(place, crowdSize);
  let done = 0;
  const work = { inboxes: crowdInboxes, answers, leastMs: 500, mostMs: 1_500, atOnce: 300 };
  const producer = produce(place, random, { ...work, done: () => done });
  const before = await hostsIn(place);
  const told = await toldSince(place, 0);
  const writer = join(import.meta.dir, "programs", "writer.ts");
  const load = [
    ...sides.map((side) => place.launch([process.execPath, writer, place.home, side])),
    ...Array.from({ length: burners }, () => place.launch(["sh", "-c", "while :; do :; done"])),
  ];
  const disturbers = await Promise.all(load);

  let silentMs = 0;
  const endMs = elapsedMs() + seconds * 1_000;
  while (elapsedMs() < endMs) {
    await sleep(lookEveryMs);
    silentMs = Math.max(silentMs, await longestSilenceMs(place));
    done = await sentTo(place, answers);
    const left = Math.max(0, Math.round((endMs - elapsedMs()) / 1_000));
    progress(`${left} s to go, ${done} messages done, nobody silent for more than ${silentMs} ms`);
  }
  const changes = (await toldSince(place, told.last)).bodies;
  const after = await hostsIn(place);
  const written = await sentTo(place, ...sides);
  for (const one of disturbers) signalProcess(one, "SIGKILL");
  await Promise.all(disturbers.map(({ exited }) => exited));
  const faults = changes.map((body) => `it was told: ${body}`);
  for (const [name, host] of before)
    if (after.get(name) !== host) faults.push(`${name} has another host than before`);
  faults.push(...(await producer.finish(60_000)), ...(await keeper.down()));
  const figures =
    `${crowdSize} agents for ${seconds} s, ${done} messages done, ${written} written beside them; ` +
    `${changes.length} changes of health, longest silence ${silentMs} ms`;
  return { faults, figures };
}

/** The host of each agent, and how often it was started. */
async function hostsIn({ app }: Place): Promise<Map<string, string>> {
  const agents = await app.agents();
  return new Map(agents.map(({ name, hostPid, restarts }) => [name, `${hostPid} ${restarts}`]));
}

/** What was told of the health of agents after the message `last`: suspicions, restarts, and ends. */
async function toldSince(
  { app }: Place,
  last: number,
): Promise<{ bodies: string[]; last: number }> {
  const rows = await app.store.read((tx) =>
    tx.all<{ id: number; body: string }>(
      `select m.id, cast(m.body as text) as body from deliveries d join messages m on m.id = d.message_id
        where d.inbox = $health and m.id > $last order by m.id`,
      { health, last },
    ),
  );
  return { bodies: rows.map(({ body }) => body), last: rows.at(-1)?.id ?? last };
}

/** For how long the one that was heard of least has given no sign of life. */
async function longestSilenceMs({ app }: Place): Promise<number> {
  const beats = await (await app.vitals()).read(readBeats);
  return Math.max(0, ...beats.map(({ tick }) => app.clock.tick() - tick));
}

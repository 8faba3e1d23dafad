// Four producers send to four consumers, each with an inbox of its own, beside a queue without features (bare.ts).
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { withHome } from "./home.ts";
import { bundlePrograms, endCrowd, startCrowd, startProgram } from "./programs.ts";

export const fourToFour: Bench = {
  name: "four-to-four",
  summary: "4 producer processes send to 4 consumer processes, from the first send to the last ack",
  async run({ rounds, small, references, say }) {
    await bundlePrograms("produce", "consume");
    const figures: Figure[] = [];
    for (const { batch, least } of [
      { batch: 1, least: 0.5 },
      { batch: 100, least: 0.7 },
    ]) {
      const ours: number[] = [];
      const bare: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        say(`batches of ${batch}, round ${round} of ${rounds}`);
        ours.push(await messagesPerSecond(small ? 100 : 2_500, batch));
        const other = await references.run<{ perSecond: number }>("bare.ts", [String(batch)]);
        if (other !== undefined) bare.push(other.perSecond);
      }
      figures.push({
        name: batch === 1 ? "one at a time" : `batches of ${batch}`,
        unit: "msg/s",
        wanted: "more",
        ours,
        reference: { name: "bare.ts", values: bare },
        target: { of: "ratio", limit: least },
      });
    }
    return figures;
  },
};

function messagesPerSecond(each: number, batch: number): Promise<number> {
  return withHome(async (home) => {
    const args = (index: number) => [home, `c${index}`, String(each), String(batch)];
    const consumers = await startCrowd(4, "consume", args);
    const producers = [0, 1, 2, 3].map((index) => startProgram("produce", args(index)));
    const starts = await Promise.all(
      producers.map((program) => program.next<{ startMs: number }>()),
    );
    const ends = await Promise.all(consumers.map((program) => program.next<{ endMs: number }>()));
    await endCrowd([...producers, ...consumers]);
    const startMs = Math.min(...starts.map((one) => one.startMs));
    const endMs = Math.max(...ends.map((one) => one.endMs));
    return ((4 * each) / (endMs - startMs)) * 1000;
  });
}

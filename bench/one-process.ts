// One process, every promise on, beside the bare limit of SQLite in the same process shape (raw.ts).
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { withHome } from "./home.ts";
import { bundlePrograms, startProgram } from "./programs.ts";

interface Ours {
  sendOne: number;
  claimAckOne: number;
  claimThenAckOne: number;
  sendMany: number;
  claimAckMany: number;
}

interface Raw {
  singleSend: number;
  singleCycle: number;
  batchSend: number;
  batchCycle: number;
}

export const oneProcess: Bench = {
  name: "one-process",
  summary: "sends and claims of one process, one by one and in batches of 100",
  async run({ rounds, small, references, say }) {
    await bundlePrograms("one-process");
    const rows = small ? 200 : 20_000;
    const ours: Ours[] = [];
    const raws: Raw[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      ours.push(await measure(rows));
      const raw = await references.run<Raw>("raw.ts", ["NORMAL", String(rows)]);
      if (raw !== undefined) raws.push(raw);
    }
    const figure = (name: string, key: keyof Ours, rawKey: keyof Raw, least: number): Figure => ({
      name,
      unit: "msg/s",
      wanted: "more",
      ours: ours.map((round) => round[key]),
      reference: { name: "raw.ts", values: raws.map((round) => round[rawKey]) },
      target: { of: "ratio", limit: least },
    });
    return [
      figure("send, one per transaction", "sendOne", "singleSend", 0.4),
      figure("claim + ack, as a host does", "claimAckOne", "singleCycle", 0.4),
      figure("claim, then ack", "claimThenAckOne", "singleCycle", 0.4),
      figure("send, batches of 100", "sendMany", "batchSend", 0.5),
      figure("claim + ack, batches of 100", "claimAckMany", "batchCycle", 0.5),
    ];
  },
};

function measure(rows: number): Promise<Ours> {
  return withHome(async (home) => {
    const program = startProgram("one-process", [home, String(rows), String(rows / 10)]);
    const answer = await program.next<Ours>();
    await program.end();
    return answer;
  });
}

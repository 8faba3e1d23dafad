// How soon it is told that something is wrong. The proof `alarms` holds at length that all of it is.
import { buildIfStale, executablePath } from "../bin/build.ts";
import { lasting, plantAll } from "../tests/proof/alarms.ts";
import { inPlace } from "../tests/proof/place.ts";
import { settings } from "../tests/proof/planted.ts";
import type { Bench } from "./bench.ts";
import { percentile } from "./figure.ts";

// Of few faults it is only to be seen that they are told. A machine that stands still for a while makes agents suspect and
// messages old, and is no fault; and what is over soon is to be there for as long as it takes to look.
const patience: Readonly<Record<string, string>> = {
  suspect_after: "1h",
  growth_window: "1h",
  oldest: "1h",
  coordination_time: "1h",
  rate_window: "40s",
  count_window: "40s",
};
const patient = settings.replaceAll(/^(\w+) = .*$/gm, (line, key: string) =>
  key in patience ? `${key} = "${patience[key]}"` : line,
);

export const alertsCome: Bench = {
  name: "alerts-come",
  summary: "faults planted among 100 agents, from the condition until its alert is there",
  async run({ rounds, small, say }) {
    if (await buildIfStale()) say("dist/skep was out of date and is built anew");
    const late: number[][] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      const home = { executable: executablePath, settings: small ? patient : settings };
      const faults = await inPlace(home, async (place) => {
        // To mend the first is to purge, which is a delivery rate that falls.
        const few = small ? ["inbox-filling full", "delivery-rate bus", lasting] : undefined;
        const told = await plantAll(place, () => {}, few);
        late.push(told.late);
        return told.faults;
      });
      if (faults.length > 0) throw new Error(faults.join("\n"));
    }
    const figure = { unit: "ms", wanted: "less", target: { of: "value", limit: 5_000 } } as const;
    return [
      {
        ...figure,
        name: "condition until its alert, p50",
        ours: late.map((ms) => percentile(ms, 0.5)),
      },
      {
        ...figure,
        name: "condition until its alert, the longest",
        ours: late.map((ms) => Math.max(...ms)),
      },
    ];
  },
};

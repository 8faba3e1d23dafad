// Mutants that make something ready and ring nobody. Whoever waits finds it by itself, only later; so no history shows them.
import type { Mutant } from "./mutant.ts";

export const rings: readonly Mutant[] = [
  {
    name: "resume without a ring",
    wrong: "the bus takes claims again, and nobody who waits hears of it",
    edits: [{ file: "src/bus/resume.ts", find: "await ringAll(tx, ring);", replace: "" }],
    catcher: {
      test: "tests/bus/resume.test.ts",
      title: "whoever waits is rung when the bus takes claims again",
    },
  },
  {
    name: "given back without a ring",
    wrong: "what its holder gives back is ready, and nobody who waits hears of it",
    edits: [
      {
        file: "src/bus/give-back.ts",
        find: `if (state === "ready") await ringOne(tx, inbox, "mail", ring);`,
        replace: "",
      },
    ],
    catcher: {
      test: "tests/bus/give-back.test.ts",
      title: "what is given back rings whoever waits, as soon as it is ready and not before",
    },
  },
  {
    name: "due without a ring",
    wrong: "what was delayed is ready, and nobody who waits hears of it",
    edits: [
      {
        file: "src/bus/sweep.ts",
        find: `ready: changes });
  await ringOne(tx, inbox, "mail", ring);`,
        replace: "ready: changes });",
      },
    ],
    catcher: {
      test: "tests/bus/sweep.test.ts",
      title: "what has become due rings whoever waits, and what has yet to does not",
    },
  },
];

// Mutants that tell a sender of the disk what is not so. No history shows them: that takes a power cut.
import type { Mutant } from "./mutant.ts";

export const durable: readonly Mutant[] = [
  {
    name: "durable in name",
    wrong: "a durable send is committed as any other, and its sender told that the disk has it",
    edits: [
      {
        file: "src/store/sqlite.ts",
        find: "write(durable && !power ? () => onDisk(writer, work) : work)",
        replace: "write(durable && power ? () => onDisk(writer, work) : work)",
      },
    ],
    catcher: {
      test: "tests/store/on-disk.test.ts",
      title: "a write waits for the disk when it is told to, each time, and the others do not",
    },
  },
  {
    name: "power as process",
    wrong: "a bus that is to hold through a power cut does not wait for the disk either",
    edits: [
      {
        file: "src/store/session.ts",
        find: `file.durability === "power" ? "full" : "normal"`,
        replace: `file.durability === "power" ? "normal" : "normal"`,
      },
    ],
    catcher: {
      test: "tests/store/on-disk.test.ts",
      title: "where every write waits for the disk, the one that is told to changes nothing",
    },
  },
];

// Counts every file whole and alone, by the definition itself: what the swarm's answers are compared with.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "./files.ts";
import { leave, setting } from "./work.ts";

const identifier = /[A-Za-z_$][A-Za-z0-9_$]*/g;
const directory = setting("CENSUS_DIR");

const counts: Record<string, number> = {};
let bytes = 0;
for (const path of listFiles(directory, setting("SKEP_HOME")).files) {
  const content = readFileSync(join(directory, path));
  // In Latin-1 every byte is one character, so the expression sees bytes.
  counts[path] = content.toString("latin1").match(identifier)?.length ?? 0;
  bytes += content.length;
}
leave(setting("CENSUS_WORK"), "checked", { counts, bytes });

// Adds up the workers' answers, "<run> <piece> <file> <count>", and leaves the totals when every piece is in.
import { leave, setting } from "./work.ts";

const run = setting("CENSUS_RUN");
const seen = new Set<number>();
let counts: number[] = [];
let pieces: number | undefined;
let answeredTwice = 0;

for await (const line of console) {
  if (line === "") continue;
  const { receipt, type, body } = JSON.parse(line);
  const [theirs, ...numbers] = String(body).trim().split(" ");
  // Answers to an earlier census may still lie in the inbox.
  if (theirs === run && type === "plan") begin(numbers.map(Number));
  else if (theirs === run) add(numbers.map(Number));
  console.log(JSON.stringify({ ack: receipt }));
  if (theirs === run && seen.size === pieces) finish();
}

// Answers may come before the plan does, when the plan was delivered a second time.
function begin([pieceCount, fileCount]: number[]): void {
  pieces = pieceCount!;
  counts = Array.from({ length: fileCount! }, (_, file) => counts[file] ?? 0);
}

// A message is delivered at least once, so a piece is counted by its number and not by its arrival.
function add([piece, file, count]: number[]): void {
  if (seen.has(piece!)) answeredTwice++;
  else counts[file!] = (counts[file!] ?? 0) + count!;
  seen.add(piece!);
  if (seen.size % 100 === 0)
    console.log(JSON.stringify({ progress: `${seen.size} of ${pieces ?? "?"} pieces` }));
}

function finish(): void {
  leave(setting("CENSUS_WORK"), "totals", { counts, pieces: seen.size, answeredTwice });
}

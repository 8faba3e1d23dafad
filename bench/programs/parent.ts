// A program's side of the talk with the bench that started it (bench/programs.ts).
import { writeSync } from "node:fs";

/** Writes one line of JSON to the bench. */
export function answer(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

/** The lines that the bench says, until it ends or has no more to say. */
export async function* orders(): AsyncGenerator<string, void, void> {
  for await (const line of console) yield line;
}

// The same as a function: works on nothing before the file GO is there.
import { existsSync } from "node:fs";

const go = process.env["GO"]!;

export async function handle(): Promise<void> {
  while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 50));
}

// The reference programs: they lie outside the repository, and are run as they are.
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface References {
  /** Runs `name` with `args`: the JSON that it prints. Undefined when it is not there. */
  run<Answer>(name: string, args: string[]): Promise<Answer | undefined>;
}

/** Where the reference programs lie unless somebody says otherwise: beside the checkout. */
export const defaultFolder = join(dirname(import.meta.dir), "..", "shared", "bench");

/** The reference programs in `folder`; `missing` is told, once, of each that is not there. */
export function findReferences(folder: string, missing: (path: string) => void): References {
  const missed = new Set<string>();
  return {
    async run<Answer>(name: string, args: string[]) {
      const path = resolve(folder, name);
      if (!existsSync(path)) {
        if (!missed.has(path)) missing(path);
        missed.add(path);
        return undefined;
      }
      const child = Bun.spawn([process.execPath, path, ...args], { stderr: "inherit" });
      const said = await new Response(child.stdout).text();
      if ((await child.exited) !== 0) throw new Error(`${path} ended with ${child.exitCode}`);
      return JSON.parse(said) as Answer;
    },
  };
}

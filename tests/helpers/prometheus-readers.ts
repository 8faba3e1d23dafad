// Those that read what is exported: promtool, and the OpenMetrics parser of python3-prometheus-client. `.ci/set-up` installs both.
import { existsSync } from "node:fs";
import { lacks } from "./programs.ts";

// Debian's own, whichever python3 stands first on PATH: the package is installed for that.
const python = "/usr/bin/python3";

/** Whether a test that wants one of the two has to be skipped. */
export const lacksReaders = lacks("promtool") || !hasParser();

/** What promtool complains of in `text`, and how it ends: 0 when it finds nothing wrong. */
export function promtoolCheck(text: string): { status: number; words: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["promtool", "check", "metrics"], {
    stdin: Buffer.from(text),
  });
  return { status: exitCode, words: `${stdout}${stderr}` };
}

export interface ParsedFamily {
  name: string;
  type: string;
  unit: string;
  samples: [name: string, labels: Record<string, string>, value: number][];
}

/** The families of an OpenMetrics `text`; throws with the parser's own words when it is none. */
export function parseOpenMetrics(text: string): ParsedFamily[] {
  const { exitCode, stdout, stderr } = Bun.spawnSync([python, "-c", parser], {
    stdin: Buffer.from(text),
  });
  if (exitCode !== 0) throw new Error(String(stderr));
  return JSON.parse(String(stdout));
}

const parser = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
text = sys.stdin.buffer.read().decode("utf-8")
print(json.dumps([
    {"name": f.name, "type": f.type, "unit": f.unit, "samples": [[s.name, s.labels, s.value] for s in f.samples]}
    for f in text_string_to_metric_families(text)]))
`;

function hasParser(): boolean {
  if (!existsSync(python)) return false;
  return (
    Bun.spawnSync([python, "-c", "import prometheus_client.openmetrics.parser"]).exitCode === 0
  );
}

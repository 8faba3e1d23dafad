// Writes what `skep export grafana` prints, with Grafana's own SDK: `bun bin/write-grafana.ts`, and `bun fmt` behind it.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { alertFile } from "./grafana/alerts.ts";
import { dashboardFile } from "./grafana/dashboard.ts";

const folder = join(dirname(import.meta.dir), "src", "export", "grafana");

/** The files by their names. */
export const grafanaFiles = { "dashboard.json": dashboardFile, "alerts.json": alertFile } as const;

if (import.meta.main)
  for (const [name, make] of Object.entries(grafanaFiles))
    writeFileSync(join(folder, name), `${JSON.stringify(make(), null, 2)}\n`);

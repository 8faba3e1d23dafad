// The settings of a home as the program reads them, and those that hold where nobody chose any. Nothing here costs a
// command any time.
import type { AlertRules } from "./alert-rules.ts";
import { agents } from "./schema/agents.ts";
import { alerts } from "./schema/alerts.ts";
import { bus } from "./schema/bus.ts";
import { governor } from "./schema/governor.ts";
import { exporting } from "./schema/export.ts";
import { metrics } from "./schema/metrics.ts";
import { notify } from "./schema/notify.ts";
import type { Section, ValuesOf } from "./schema/setting.ts";
import { store } from "./schema/store.ts";

/** Every setting by its section and its name in the program. */
export const sections = {
  bus,
  store,
  agents,
  governor,
  metrics,
  alerts,
  notify,
  export: exporting,
} as const;

export type SectionName = keyof typeof sections;
export type BusSettings = ValuesOf<typeof bus>;
export type StoreSettings = ValuesOf<typeof store>;
export type AgentsSettings = ValuesOf<typeof agents>;
export type GovernorSettings = ValuesOf<typeof governor>;
export type MetricsSettings = ValuesOf<typeof metrics>;
export type AlertsSettings = ValuesOf<typeof alerts>;
export type NotifySettings = ValuesOf<typeof notify>;
export type ExportSettings = ValuesOf<typeof exporting>;

export interface Settings {
  readonly bus: BusSettings;
  readonly store: StoreSettings;
  readonly agents: AgentsSettings;
  readonly governor: GovernorSettings;
  readonly metrics: MetricsSettings;
  readonly alerts: AlertsSettings;
  readonly notify: NotifySettings;
  /** What the section `alerts` says about rules; only a file can. */
  readonly alertRules: AlertRules;
  readonly export: ExportSettings;
}

/** The settings of a home in which nobody chose any. */
export const defaults: Settings = freeze({
  bus: usualOf(bus),
  store: usualOf(store),
  agents: usualOf(agents),
  governor: usualOf(governor),
  metrics: usualOf(metrics),
  alerts: usualOf(alerts),
  notify: usualOf(notify),
  alertRules: { users: [], off: [] },
  export: usualOf(exporting),
});

/** `settings` so that nobody can change them afterwards. */
export function freeze(settings: Settings): Settings {
  for (const section of Object.values(settings)) Object.freeze(section);
  return Object.freeze(settings);
}

function usualOf<Declared extends Section>(section: Declared): ValuesOf<Declared> {
  const values: Record<string, unknown> = {};
  for (const name in section) values[name] = section[name]!.usual;
  return values as ValuesOf<Declared>;
}

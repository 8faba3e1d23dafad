// What has to hold between settings. Pure.
import { writeDuration } from "../core/durations.ts";
import { secret } from "../core/secret.ts";
import type { Finding, Place } from "./faults.ts";
import type { Chosen } from "./layers.ts";
import { unfitUrl } from "../core/loopback-url.ts";
import { type SettingValue, isNumeric, isSecret } from "./schema/setting.ts";
import { type NamedSetting, allSettings } from "./setting-names.ts";

type Values = ReadonlyMap<string, Chosen>;

/** `times` the one may not be more than the other. */
interface Rule {
  low: string;
  times: number;
  high: string;
  why: string;
  /** Where nobody chose the first, it follows the second. */
  follows?: true;
}

const rules: readonly Rule[] = [
  {
    low: "bus.backoff_min",
    times: 1,
    high: "bus.backoff_max",
    why: "The shortest pause cannot be longer than the longest.",
  },
  {
    low: "bus.body_bytes_max",
    times: 1,
    high: "bus.inbox_bytes",
    why: "A body of that length would fit into no inbox.",
  },
  {
    low: "agents.beat_every",
    times: 3,
    high: "bus.lease",
    why: "A lease that is shorter runs out before anybody can tell that its holder is gone.",
    follows: true,
  },
  {
    low: "agents.beat_every",
    times: 3,
    high: "agents.suspect_after",
    why: "Agents that are well would be suspect between two of their beats.",
    follows: true,
  },
  {
    low: "governor.load_low",
    times: 1,
    high: "governor.load_high",
    why: "It would let go while it holds back.",
    follows: true,
  },
  {
    low: "governor.pressure_low",
    times: 1,
    high: "governor.pressure_high",
    why: "It would let go while it holds back.",
    follows: true,
  },
  {
    low: "governor.memory_low",
    times: 1,
    high: "governor.memory_high",
    why: "It would let go while it holds back.",
  },
];

/** What `named` is where nobody chose it: usual, and no more than what it follows lets it be. */
export function followed({ key, setting }: NamedSetting, chosen: Values): SettingValue {
  const bounds = rules
    .filter(({ low, follows }) => low === key && follows)
    .map(({ high, times }) => Math.floor(Number(chosen.get(high)!.value) / times));
  if (bounds.length === 0 || !isNumeric(setting)) return setting.usual;
  return Math.max(setting.least, Math.min(setting.usual, ...bounds.map(neat)));
}

/** The nearest length of time below that somebody would write: whole seconds, tenths or hundredths. */
function neat(ms: number): number {
  const step = [1_000, 100, 10].find((one) => ms >= one) ?? 1;
  return Math.floor(ms / step) * step;
}

/** The rules that do not hold among what was `chosen`, each told where somebody chose one of its two settings. */
export function brokenRules(chosen: Values): Broken[] {
  return [...brokenBounds(chosen), ...calls.flatMap((call) => strangeHost(chosen, call))];
}

interface Broken {
  place: Place;
  finding: Omit<Finding, "path">;
}

interface Call {
  address: string;
  hosts: string;
  what: string;
}

/** What skep itself calls. What it tells there is about a swarm: it leaves this machine only for a host that somebody named. */
const calls: readonly Call[] = [
  { address: "notify.webhook", hosts: "notify.hosts", what: "alerts" },
  { address: "export.otlp_endpoint", hosts: "export.otlp_hosts", what: "metrics" },
];

function strangeHost(chosen: Values, { address, hosts: allowedBy, what }: Call): Broken[] {
  const { value, place } = chosen.get(address)!;
  if (value === "none") return [];
  const hosts = chosen.get(allowedBy)!.value as readonly string[];
  const finding = unfitUrl(String(value), { hosts, what, allowedBy });
  if (finding === undefined) return [];
  return [{ place: place ?? { file: null, line: null, key: address }, finding }];
}

function brokenBounds(chosen: Values): Broken[] {
  return rules.flatMap(({ low, times, high, follows, why: hint }) => {
    const [least, most] = [chosen.get(low)!, chosen.get(high)!];
    if (Number(least.value) * times <= Number(most.value)) return [];
    if (follows && !isByHand(least)) return [];
    const atLow = isByHand(least) || !isByHand(most);
    const [one, other] = [written(low, least), written(high, most)];
    const lowTwice = times === 1 ? "" : `and ${times} × that is `;
    const what = atLow
      ? `is ${one}, ${lowTwice}more than ${high} (${other})`
      : `is ${other}, less than ${times === 1 ? "" : `${times} × `}${low} (${one})`;
    // Between the usual values every rule holds, so somebody chose one of the two.
    const place = (atLow ? least : most).place ?? { file: null, line: null, key: low };
    return [{ place, finding: { what, hint } }];
  });
}

function isByHand({ origin }: Chosen): boolean {
  return origin !== "default" && origin !== "profile";
}

function written(key: string, { value }: Chosen): string {
  return writeValue(
    allSettings.find((named) => named.key === key)!,
    value,
  );
}

/** A value as one writes it in a variable: `30s`, `1000`, `power`, `["sh","tell.sh"]`. */
export function writeValue({ setting }: NamedSetting, value: SettingValue): string {
  if (setting.kind === "words") return JSON.stringify(value);
  return setting.kind === "duration" ? writeDuration(Number(value)) : String(value);
}

/** A value as anybody may see it: of an address what stands behind its host is left out, of headers what they say. */
export function showValue(named: NamedSetting, value: SettingValue): string {
  if (Array.isArray(value) && isSecret(named.setting))
    return JSON.stringify(value.map((header) => `${header.split(":")[0]}: ${secret("")}`));
  const text = writeValue(named, value);
  if (named.setting.kind !== "address" || text === "none") return text;
  const { origin } = new URL(text);
  return [origin, `${origin}/`].includes(text) ? text : `${origin}/${secret("")}`;
}

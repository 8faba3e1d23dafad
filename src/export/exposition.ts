// Families of samples, and the two texts that Prometheus reads them from. Pure.

/** What one sample is told from others by. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  labels: Labels;
  value: number;
  /** Of a counter, since when it counts, in milliseconds since 1970; undefined where nobody knows. */
  since?: number | undefined;
}

/** All that is measured under one name. */
export interface Family {
  /** Without the `_total` of a counter; with its unit at the end, where it has one. */
  name: string;
  type: "counter" | "gauge";
  unit?: "seconds" | "bytes" | "ratio" | undefined;
  help: string;
  samples: readonly Sample[];
}

/** How the text is written: Prometheus' own format, 0.0.4, or OpenMetrics, 1.0.0. */
export const expositionFormats = ["text", "openmetrics"] as const;
export type ExpositionFormat = (typeof expositionFormats)[number];

/** What a server says that its answer is. */
export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The text of `families`, which have different names; those without samples are left out. It ends with a line's end. */
export function expositionText(families: readonly Family[], format: ExpositionFormat): string {
  const lines = families
    .filter(({ samples }) => samples.length > 0)
    .flatMap((family) => familyLines(family, format));
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function familyLines({ name, type, unit, help, samples }: Family, format: ExpositionFormat) {
  const sampleName = type === "counter" ? `${name}_total` : name;
  const isOpen = format === "openmetrics";
  const familyName = isOpen ? name : sampleName;
  return [
    `# HELP ${familyName} ${escapeHelp(help, isOpen)}`,
    `# TYPE ${familyName} ${type}`,
    ...(isOpen && unit !== undefined ? [`# UNIT ${familyName} ${unit}`] : []),
    ...samples.map(({ labels, value }) => `${sampleName}${labelText(labels)} ${number(value)}`),
  ];
}

// For each of many thousand samples, so nothing is made here that need not be.
function labelText(labels: Labels): string {
  let pairs = "";
  for (const label in labels)
    pairs += `${pairs === "" ? "" : ","}${label}="${escapeValue(labels[label]!)}"`;
  return pairs === "" ? "" : `{${pairs}}`;
}

function escapeValue(value: string): string {
  if (!/[\\\n"]/.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(help: string, isOpen: boolean): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpen ? escaped.replaceAll('"', '\\"') : escaped;
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

import { expect, test } from "bun:test";
import { type Family, expositionText } from "../../src/export/exposition.ts";
import { lacksReaders, parseOpenMetrics, promtoolCheck } from "../helpers/prometheus-readers.ts";

const odd = 'a "quoted" \\ back\nand a line, {braces} and ünïcode 🐝';

const families: Family[] = [
  {
    name: "x_sent",
    type: "counter",
    help: odd,
    samples: [
      { labels: { inbox: odd }, value: 1 },
      { labels: { inbox: "b" }, value: 1e21 },
    ],
  },
  {
    name: "x_age_seconds",
    type: "gauge",
    unit: "seconds",
    help: "An age.",
    samples: [{ labels: {}, value: 0.25 }],
  },
  { name: "x_none", type: "gauge", help: "Nothing.", samples: [] },
];

test("a counter ends in _total, quotes and lines are escaped, and what has no samples is left out", () => {
  const help = 'a "quoted" \\\\ back\\nand a line, {braces} and ünïcode 🐝';
  const value = help.replaceAll('"', '\\"');
  expect(expositionText(families, "text").split("\n")).toEqual([
    `# HELP x_sent_total ${help}`,
    "# TYPE x_sent_total counter",
    `x_sent_total{inbox="${value}"} 1`,
    'x_sent_total{inbox="b"} 1e+21',
    "# HELP x_age_seconds An age.",
    "# TYPE x_age_seconds gauge",
    "x_age_seconds 0.25",
    "",
  ]);
});
test.skipIf(lacksReaders)(
  "promtool and the OpenMetrics parser read back what was written (wants promtool and python3-prometheus-client)",
  () => {
    expect(promtoolCheck(expositionText(families, "text"))).toEqual({ status: 0, words: "" });
    const parsed = parseOpenMetrics(expositionText(families, "openmetrics"));
    expect(parsed).toEqual([
      {
        name: "x_sent",
        type: "counter",
        unit: "",
        samples: [
          ["x_sent_total", { inbox: odd }, 1],
          ["x_sent_total", { inbox: "b" }, 1e21],
        ],
      },
      {
        name: "x_age_seconds",
        type: "gauge",
        unit: "seconds",
        samples: [["x_age_seconds", {}, 0.25]],
      },
    ]);
    // Both would have found something.
    const broken = [{ ...families[1]!, name: "x age" }];
    expect(promtoolCheck(expositionText(broken, "text")).status).not.toBe(0);
    expect(() => parseOpenMetrics(expositionText(broken, "openmetrics"))).toThrow();
  },
);

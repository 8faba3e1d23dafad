// Rates as people write them: 10/s 100/m 0.5/h.

const unitsS = { s: 1, m: 60, h: 3_600 };

/** How many a second `text` says: `10/s`, `100/m` or `0.5/h`; undefined for anything else. */
export function parsePerSecond(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,15})?)\/([smh])$/.exec(text);
  return match === null ? undefined : Number(match[1]) / unitsS[match[2] as keyof typeof unitsS];
}

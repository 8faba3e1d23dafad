// Settings for homes of tests, on a machine that may have much else to do.

// A machine on which tests run has too much to do at times: rests would be longer, and swarms would say so.
const ungoverned = '\n[governor]\nmode = "off"\n';

/** Whoever has the write lock may get no processor for long, and nobody is to be refused for it. */
export const busyTimeoutMs = 60_000;
const patient = `\n[store]\nbusy_timeout = "${busyTimeoutMs}ms"\n`;

/** `settings` and those for a machine that is slow: a test that is about what they say has them itself. */
export function onSlowMachine(settings: string): string {
  const others = [
    settings.includes("[governor]") ? "" : ungoverned,
    settings.includes("[store]") ? "" : patient,
  ].join("");
  if (settings.includes("suspect_after")) return settings + others;
  // Nor is anybody to be suspect who gets none.
  const agents = '[agents]\nsuspect_after = "1h"\n';
  return settings.includes("[agents]\n")
    ? settings.replace("[agents]\n", agents) + others
    : `${settings}\n${agents}${others}`;
}

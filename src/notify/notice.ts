// A notice: an alert as programs and people outside of skep get it.

/** What programs get. */
export interface Notice {
  rule: string;
  subject: string;
  state: string;
  severity: string;
  /** Null when the subject is gone. */
  value: number | null;
  threshold: number;
  unit: string;
  about: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** Somewhere that notices go. */
export interface Channel {
  name: string;
  /** Tells of `notice`; given up soon after `signal` aborts. E_FAILED, with what was said in the hint, when that did not work. */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** The line of JSON that a notice is. */
export function jsonOf(notice: Notice): string {
  return JSON.stringify(notice);
}

/** The same as variables of an environment. */
export function variablesOf(notice: Notice): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(notice)) {
    // No variable can hold a NUL, and a subject must not be able to keep a program from starting.
    if (value !== null && !String(value).includes("\0"))
      variables[`SKEP_ALERT_${name.toUpperCase()}`] = String(value);
  }
  return variables;
}

/** The same for people: a line that says which alert it is, and one about what is wrong. */
export function wordsOf({ rule, subject, state, severity, about }: Notice): {
  title: string;
  text: string;
} {
  const how = state === "resolved" ? "is over" : `(${severity})`;
  return { title: `skep: ${rule} ${how}`, text: `${subject}: ${about}` };
}

// The variables of the environment that are not settings.

export interface PlainVariable {
  /** One sentence: what it is for. */
  readonly purpose: string;
  readonly unit: string;
  readonly range: string;
  /** What holds where it is not set. */
  readonly usual: string;
}

/** Each of them by its name. */
export const plainVariables = {
  SKEP_HOME: {
    purpose: "The directory of the swarm's state, as --home names it.",
    unit: "path",
    range:
      "a directory for nothing else, on a disk of this machine; it is made where it is missing",
    usual: "the nearest .skep from here upwards, else .skep here",
  },
  SKEP_AGENT: {
    purpose: "The name to act under, as --as says it.",
    unit: "name",
    range: "1 to 64 letters, digits, dots, dashes and underscores",
    usual: "none: whoever sends is nobody",
  },
  SKEP_TOKEN: {
    purpose: "What proves that name while its swarm runs; a secret, which skep gives its agents.",
    unit: "text",
    range: "as skep gave it",
    usual: "none",
  },
  SKEP_RUN: {
    purpose: "The run of the swarm that started this process; skep sets it.",
    unit: "number of a run",
    range: "as skep gave it",
    usual: "none: no swarm started it",
  },
  SKEP_SPARE: {
    purpose: "Set for a program that was started ahead, before anybody knows whose it will be.",
    unit: "text",
    range: "as skep gave it",
    usual: "none",
  },
  SKEP_DEBUG: {
    purpose: "With 1 an error shows where in the program it came from.",
    unit: "0 or 1",
    range: "0, 1",
    usual: "0",
  },
} as const satisfies Record<string, PlainVariable>;

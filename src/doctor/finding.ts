// What a check finds: one line, how bad it is, and what to do about it.

export type Verdict = "pass" | "warn" | "fail";

export interface Finding {
  /** The check, in a word or two. */
  check: string;
  verdict: Verdict;
  /** What was found, with its figures. */
  says: string;
  /** What to do about it, as a sentence; null where there is nothing to do. */
  fix: string | null;
}

/** All is well. */
export function pass(check: string, says: string): Finding {
  return { check, verdict: "pass", says, fix: null };
}

/** It works, but less well than it could, or not for long. */
export function warn(check: string, says: string, fix: string): Finding {
  return { check, verdict: "warn", says, fix };
}

/** A swarm does not work here. */
export function fail(check: string, says: string, fix: string): Finding {
  return { check, verdict: "fail", says, fix };
}

/** The worst of `findings`; pass when there is none. */
export function worstOf(findings: readonly Finding[]): Verdict {
  const has = (verdict: Verdict) => findings.some((finding) => finding.verdict === verdict);
  return has("fail") ? "fail" : has("warn") ? "warn" : "pass";
}

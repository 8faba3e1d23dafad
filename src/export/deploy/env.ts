// An example of a file for --env-file: every setting with what it is for.
import type { Deployment } from "./deployment.ts";

/** The text of an `.env` file, in which what nobody chose is a remark. */
export function envFile({ name, version, settings, keys }: Deployment): string {
  const lines = settings.flatMap(({ variable, value, remark, chosen }) => [
    "",
    `# ${remark}`,
    `${chosen ? "" : "#"}${variable}=${quoted(value)}`,
  ]);
  // What is secret is named, and its place left empty.
  const named = keys.flatMap(({ variable, groups }) => [
    "",
    `# Passed on to ${groups.join(", ")}, and to nobody else.`,
    `#${variable}=`,
  ]);
  return `# ${name}: written by skep ${version}. Read only where it is named: skep --env-file .env up
${[...lines, ...named].join("\n")}
`;
}

function quoted(value: string): string {
  if (!/[\s#'"\\]/.test(value)) return value;
  return value.includes("'") ? `"${value.replace(/["\\]/g, "\\$&")}"` : `'${value}'`;
}

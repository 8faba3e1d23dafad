import { expect, test } from "bun:test";
import { dockerfile } from "../../../src/export/deploy/docker.ts";
import { example } from "./example.ts";

// Every line of a Dockerfile that is no remark and goes on nothing begins with one of these.
const words = /^(FROM|RUN|COPY|ENV|USER|WORKDIR|VOLUME|HEALTHCHECK|STOPSIGNAL|ENTRYPOINT|CMD) /;

test("each line is an instruction, and nobody is root when the swarm starts", () => {
  const lines = dockerfile(example).replaceAll("\\\n", " ").split("\n");
  const instructions = lines.filter((line) => line !== "" && !line.startsWith("#"));
  expect(instructions.filter((line) => !words.test(line))).toEqual([]);
  expect(instructions[0]).toBe("FROM debian:12-slim");
  expect(instructions).toContain('ENV SKEP_BUS_LEASE="30s"');
  expect(instructions).toContain("USER 10001:10001");
  expect(instructions.indexOf("USER 10001:10001")).toBeGreaterThan(
    instructions.findLastIndex((line) => line.startsWith("RUN")),
  );
});
test("what agents are started with lies where they look for it", () => {
  const text = dockerfile(example);
  expect(text).toContain('\nCOPY --chmod=0755 ["count.sh","/swarm/count.sh"]\n');
  expect(text).toContain('["handlers/a judge.ts","/swarm/handlers/a judge.ts"]\n');
});
test("a dollar in a value begins no variable, whatever is around it", () => {
  const value = '["./tell","$HOME","${X:-y}"]';
  const settings = [{ variable: "SKEP_NOTIFY_COMMAND", value, remark: "", chosen: true }];
  expect(dockerfile({ ...example, settings }).split("\n")).toContain(
    String.raw`ENV SKEP_NOTIFY_COMMAND="[\"./tell\",\"\$HOME\",\"\${X:-y}\"]"`,
  );
});
test("lists of words are JSON", () => {
  for (const [, list] of dockerfile(example).matchAll(
    /^(?:.* )?(?:CMD|ENTRYPOINT|COPY --chmod=0755) (\[.*\])$/gm,
  ))
    expect(JSON.parse(list!)).toBeArray();
});
test("the swarm file keeps its name, and what its agents are passed is named where it is run", () => {
  const text = dockerfile({ ...example, file: "letters.yaml" });
  expect(text).toContain('\nCOPY --chmod=0755 ["letters.yaml","/swarm/letters.yaml"]\n');
  expect(text).toContain('\nCMD ["up","/swarm/letters.yaml"]\n');
  expect(text).toContain(
    " --stop-timeout 32 -v census-home:/home/skep/state -e API_TOKEN -e HTTPS_PROXY census\n",
  );
});

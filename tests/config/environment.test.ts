import { describe, expect, test } from "bun:test";
import {
  agentEnvironment,
  flagVariables,
  readEnvironment,
  settingVariables,
  unsetVariables,
} from "../../src/config/environment.ts";
import { isSecret } from "../../src/config/schema/setting.ts";
import { allSettings } from "../../src/config/setting-names.ts";
import { secret } from "../../src/core/secret.ts";

describe("what skep takes from the environment", () => {
  test("is who it is, where its home lies, and every other SKEP_ variable as a setting", () => {
    expect(
      readEnvironment({
        SKEP_HOME: "/h",
        SKEP_AGENT: "a1",
        SKEP_TOKEN: "t",
        SKEP_RUN: "7",
        SKEP_MSG_ID: "1",
        SKEP_MSG_BODY: "2",
        SKEP_BUS_LEASE: "30s",
        SKEP_NOPE: "x",
        HOME: "/home/u",
        PATH: "/bin",
      }),
    ).toEqual({
      home: "/h",
      agent: "a1",
      token: expect.objectContaining({ reveal: expect.any(Function) }),
      run: "7",
      debug: false,
      colour: true,
      userHome: "/home/u",
      settings: { SKEP_BUS_LEASE: "30s", SKEP_NOPE: "x" },
    });
  });
  test("counts as not set when it is set to nothing", () => {
    const { home, agent, debug, colour, settings } = readEnvironment({
      SKEP_HOME: "",
      SKEP_AGENT: "",
      SKEP_DEBUG: "",
      NO_COLOR: "",
      SKEP_BUS_LEASE: "",
    });
    expect([home, agent, debug, colour, settings]).toEqual([undefined, undefined, false, true, {}]);
  });
  test("SKEP_DEBUG=0 is off, NO_COLOR is on whatever it says, and a dumb terminal has no colour", () => {
    expect(readEnvironment({ SKEP_DEBUG: "0" }).debug).toBe(false);
    expect(readEnvironment({ SKEP_DEBUG: "1" }).debug).toBe(true);
    expect(readEnvironment({ NO_COLOR: "0" }).colour).toBe(false);
    expect(readEnvironment({ TERM: "dumb" }).colour).toBe(false);
  });
  test("finds the user's home without HOME too", () => {
    expect(readEnvironment({}).userHome).toStartWith("/");
  });
});

describe("the environment of an agent", () => {
  const here = { PATH: "/bin", HOME: "/h", LANG: "C", SECRET: "s", BUN_OPTIONS: "--preload x.ts" };

  test("is the usual short list when the swarm file says nothing", () => {
    expect(agentEnvironment(undefined, {}, here)).toEqual({ PATH: "/bin", HOME: "/h", LANG: "C" });
  });
  test("holds what is named and set here, what is set there, and skep's own above all", () => {
    const set = { NAME: secret("value"), SKEP_AGENT: secret("other"), HOME: secret("/x") };
    const rules = ["PATH", "SECRET", "MISSING", set];
    expect(agentEnvironment(rules, { SKEP_AGENT: "a1" }, here)).toEqual({
      PATH: "/bin",
      SECRET: "s",
      NAME: "value",
      SKEP_AGENT: "a1",
      HOME: "/x",
    });
  });
  test("lacks what is named and not set here, which is worth a word but for what all get", () => {
    const rules = ["PATH", "SECRET", "MISSING", "TZ", { NAME: secret("value") }];
    expect(unsetVariables(rules, here)).toEqual(["MISSING"]);
    expect(unsetVariables([], here)).toEqual([]);
  });
  test("is empty when nothing is allowed", () => {
    expect(agentEnvironment([], {}, here)).toEqual({});
  });
  test("never inherits what changes how runtimes run, but may be given it", () => {
    const variables = { ...here, BUN_BE_BUN: "1", NODE_OPTIONS: "-r x" };
    const names = ["BUN_OPTIONS", "BUN_BE_BUN", "NODE_OPTIONS"];
    expect(agentEnvironment(names, {}, variables)).toEqual({});
    expect(agentEnvironment([{ BUN_BE_BUN: secret("1") }], {}, variables)).toEqual({
      BUN_BE_BUN: "1",
    });
  });
});

test("setting variables are those that choose settings, and nothing that names somebody", () => {
  const variables = { SKEP_BUS_LEASE: "5s", SKEP_TOKEN: "t", SKEP_HOME: "/h", PATH: "/bin" };
  expect(settingVariables(variables)).toEqual({ SKEP_BUS_LEASE: "5s" });
});

test("settings that may be secrets are handed on to no agent", () => {
  const variables = Object.fromEntries(allSettings.map(({ variable }) => [variable, "x"]));
  const kept = allSettings.filter(({ setting }) => isSecret(setting)).map((one) => one.variable);
  expect(kept).toContain("SKEP_EXPORT_OTLP_HEADERS");
  const all = allSettings.map(({ variable }) => variable);
  expect(Object.keys(settingVariables(variables)).toSorted()).toEqual(
    all.filter((name) => !kept.includes(name)).toSorted(),
  );
});

test("a list that a flag empties is empty for the supervisor, too", () => {
  const variables = flagVariables(["notify.command=", "bus.lease=5s"]);
  expect(variables).toEqual({ SKEP_NOTIFY_COMMAND: "[]", SKEP_BUS_LEASE: "5s" });
  expect(settingVariables(variables)).toEqual(variables);
});

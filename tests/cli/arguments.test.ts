import { describe, expect, test } from "bun:test";
import { readArguments, takesNextWord } from "../../src/cli/arguments.ts";
import type { ArgsDef } from "../../src/cli/command.ts";
import { SkepError } from "../../src/core/errors.ts";

const args = {
  to: { type: "positional", description: "" },
  body: { type: "positional", required: false, description: "" },
  type: { type: "string", alias: "t", description: "" },
  onFull: { type: "enum", options: ["wait", "fail"], default: "wait", description: "" },
  timeout: { type: "duration", default: "5s", description: "" },
  lease: { type: "duration", description: "" },
  max: { type: "whole", least: 1, most: 100, alias: "n", description: "" },
  batch: { type: "boolean", alias: "b", description: "" },
  set: { type: "string", many: true, description: "" },
  tag: { type: "string", many: true, description: "" },
} as const satisfies ArgsDef;

const usage = "Usage: skep send TO [BODY] [FLAGS]";
const read = (...words: string[]) => readArguments(args, words, usage);

const blank = {
  to: "a1",
  body: undefined,
  type: undefined,
  onFull: "wait",
  timeout: 5_000,
  lease: undefined,
  max: undefined,
  batch: false,
  set: [],
  tag: [],
};

describe("what is read", () => {
  test("every declared value is there: the default, undefined, or false", async () => {
    expect(await read("a1")).toEqual(blank);
  });
  test("a list has what each of its flags says, beside others", async () => {
    const words = ["--tag", "a=1", "--type", "t", "--tag=b", "--set", "c=3"];
    const lists = { tag: ["a=1", "b"], set: ["c=3"] };
    expect(await read("a1", ...words)).toEqual({ ...blank, type: "t", ...lists });
  });
  test("a value may follow its flag or an equals sign, by long or short name", async () => {
    for (const words of [["--type", "t1"], ["--type=t1"], ["-t", "t1"], ["-t=t1"]])
      expect(await read("a1", ...words)).toEqual({ ...blank, type: "t1" });
  });
  test("flags and words may stand in any order", async () => {
    expect(await read("-b", "a1", "-n", "7", "hello", "--on-full", "fail")).toEqual({
      ...blank,
      body: "hello",
      onFull: "fail",
      max: 7,
      batch: true,
    });
  });
  test("a flag that may be given several times is a list in that order", async () => {
    expect(await read("a1", "--set", "x=1", "--set=y=2=3")).toEqual({
      ...blank,
      set: ["x=1", "y=2=3"],
    });
  });
  test("a value keeps everything: equals signs, line breaks, nothing at all", async () => {
    expect((await read("a1", "--type=a=b\n--c"))["type"]).toBe("a=b\n--c");
    expect((await read("a1", "--type="))["type"]).toBe("");
    expect((await read("a1", "--type=--no-batch"))["type"]).toBe("--no-batch");
    expect((await read("a1", ""))["body"]).toBe("");
    expect((await read("a1", "--type", "-"))["type"]).toBe("-");
  });
  test("after -- every word is taken as it stands", async () => {
    expect(await read("a1", "--", "--type")).toEqual({ ...blank, body: "--type" });
    expect(await read("--", "-b", "--")).toEqual({ ...blank, to: "-b", body: "--" });
  });
  test("a dash alone is a word", async () => {
    expect((await read("a1", "-"))["body"]).toBe("-");
  });
  test("durations come in milliseconds", async () => {
    expect((await read("a1", "--lease", "1.5m"))["lease"]).toBe(90_000);
  });
  test("a boolean may be given twice, for it says the same", async () => {
    expect((await read("a1", "-b", "--batch"))["batch"]).toBe(true);
  });
  test("a list takes all words that are left, and may be required", async () => {
    const ack = { receipt: { type: "positional", many: true, description: "" } } as const;
    const given = await readArguments(ack, ["1.1.1", "--", "-2"], usage);
    expect(given).toEqual({ receipt: ["1.1.1", "-2"] });
    expect((await refusal(readArguments(ack, [], usage))).message).toBe("RECEIPT is missing");
    const any = { word: { type: "positional", many: true, required: false, description: "" } };
    expect(await readArguments(any as ArgsDef, [], usage)).toEqual({ word: [] });
  });
});

test("a word that stands by its place may have to be one of a few", async () => {
  const dead = {
    verb: { type: "positional", options: ["list", "retry"], description: "" },
    id: { type: "positional", many: true, required: false, description: "" },
  } as const;
  const verb = (...words: string[]) => readArguments(dead, words, usage);
  expect(await verb("retry", "1")).toEqual({ verb: "retry", id: ["1"] });
  const error = await refusal(verb("rety"));
  expect([error.code, error.message]).toEqual(["E_USAGE", 'VERB is "rety"']);
  expect(error.hint).toBe("Did you mean retry? It is one of list, retry.");
  expect((await refusal(verb())).message).toBe("VERB is missing");
});

describe("what is refused, with exit status 2", () => {
  const refused: [what: string, words: string[], message: string, hint?: string][] = [
    ["an unknown flag", ["a1", "--tpye=x"], "there is no flag --tpye", "Did you mean --type?"],
    ["an unknown short flag", ["a1", "-x"], "there is no flag -x", "Write -- before"],
    ["several short flags in one", ["a1", "-bt"], "there is no flag -bt"],
    ["the name as the command reads it", ["a1", "--onFull=fail"], "no flag --onFull", "--on-full?"],
    ["a negated flag", ["a1", "--no-batch"], "there is no flag --no-batch"],
    ["a name that every object has", ["a1", "--constructor"], "there is no flag --constructor"],
    ["a positional written as a flag", ["--to=a1"], "there is no flag --to"],
    ["a value given twice", ["a1", "--type", "a", "-t", "a"], "-t is given twice"],
    ["a flag without its value", ["a1", "--type"], "--type needs a value"],
    [
      "a flag where a value should be",
      ["a1", "--type", "--batch"],
      '--type needs a value, and "--batch" looks like a flag',
      "Write --type=--batch if that is the value.",
    ],
    ["-- where a value should be", ["a1", "--type", "--", "x"], "--type needs a value"],
    ["a value for a boolean", ["a1", "--batch=yes"], "--batch takes no value"],
    ["a word that is missing", [], "TO is missing", usage],
    ["a word too many", ["a1", "hello", "world"], '"world" is one word too many', "quoted"],
    ["a word outside the choice", ["a1", "--on-full=fial"], "fial", "Did you mean fail?"],
    ["a word far from the choice", ["a1", "--on-full=x"], "x", "It is one of wait, fail."],
    ["a duration without a unit", ["a1", "--lease=5"], '"5" is not a duration'],
    ["a number out of bounds", ["a1", "-n", "101"], '--max is "101"', "from 1 to 100"],
    ["a number that is none", ["a1", "-n=1e1"], '--max is "1e1"'],
    ["half a number", ["a1", "-n=1.5"], '--max is "1.5"'],
    ["a required flag left out", ["--home="], "--key is missing"],
  ];
  for (const [what, words, message, hint] of refused)
    test(what, async () => {
      const known: ArgsDef =
        what === "a required flag left out"
          ? {
              home: { type: "string", description: "" },
              key: { type: "string", required: true, description: "" },
            }
          : args;
      const error = await refusal(readArguments(known, words, usage));
      expect(error.code).toBe("E_USAGE");
      expect(error.message).toContain(message);
      expect(error.hint).toContain(hint ?? "");
    });
});

test("only flags with a value of their own take the next word", () => {
  const answers = ["--type", "-t", "--type=x", "--batch", "-b", "--nope"].map((word) =>
    takesNextWord(args, word),
  );
  expect(answers).toEqual([true, true, false, false, false, false]);
});

async function refusal(reading: Promise<unknown>): Promise<SkepError> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof SkepError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

import { describe, expect, test } from "bun:test";
import { formTeams, heirOf, workersOf } from "../../src/agents/teams.ts";
import { coordinators, group, workers } from "./members.ts";

const swarm = "a hierarchical swarm";

test("workers are spread evenly in the order of the file", () => {
  const teams = formTeams(
    [...workers(4), ...coordinators(3), ...group("x", 3, { role: "worker" })],
    swarm,
  );
  expect(teams.map(({ workers }) => workers)).toEqual([
    ["w-1", "w-4", "x-3"],
    ["w-2", "x-1"],
    ["w-3", "x-2"],
  ]);
});

test("a worker with a team goes there, and the others make up for it", () => {
  const members = [
    ...coordinators(2),
    ...workers(3),
    ...group("x", 3, { role: "worker", team: "c-2" }),
  ];
  expect(formTeams(members, swarm)).toEqual([
    { team: "c-1", coordinator: "c-1", workers: ["w-1", "w-2", "w-3"] },
    { team: "c-2", coordinator: "c-2", workers: ["x-1", "x-2", "x-3"] },
  ]);
});

test("a team may have a name of its own", () => {
  const members = [
    ...group("boss", 1, { role: "coordinator", team: "red" }),
    ...workers(1, { team: "red" }),
  ];
  expect(formTeams(members, swarm)).toEqual([
    { team: "red", coordinator: "boss-1", workers: ["w-1"] },
  ]);
});

test("a coordinator has up to 50 workers, by the spread as by its team", () => {
  const sizes = (members: Parameters<typeof formTeams>[0]) =>
    formTeams(members, swarm).map(({ workers }) => workers.length);
  expect(sizes([...coordinators(2), ...workers(100)])).toEqual([50, 50]);
  expect(sizes([...coordinators(1), ...workers(50, { team: "c-1" })])).toEqual([50]);
});

describe("is refused, with what to change:", () => {
  const red = { team: "red" };
  const wrong: [string, Parameters<typeof formTeams>[0], string, string][] = [
    [
      "a swarm without a coordinator",
      workers(60),
      "a hierarchical swarm needs a coordinator, and none of its 60 agents is one",
      'Give a group role = "coordinator"; 2 of them can have 60 workers. Or write topology = "flat".',
    ],
    [
      "more workers than the coordinators can have",
      [...coordinators(2), ...workers(101)],
      "101 workers are too many for 2 coordinators with 50 each; there is no place for w-101",
      "Have 3 coordinators, or lower the count of [agents.w].",
    ],
    [
      "more workers than one coordinator can have",
      [...coordinators(1), ...workers(51)],
      "51 workers are too many for 1 coordinator with 50 each; there is no place for w-51",
      "Have 2 coordinators, or lower the count of [agents.w].",
    ],
    [
      "a team that is too large",
      [...coordinators(2), ...workers(51, { team: "c-2" })],
      "the team c-2 has more than 50 workers; w-51 is one too many",
      "Lower the count of [agents.w], or put some of its workers into another team.",
    ],
    [
      "a team that nobody leads",
      [...coordinators(1), ...workers(1, red)],
      "the team red of w-1 has no coordinator",
      'Give a coordinator team = "red", or leave team out of [agents.w].',
    ],
    [
      "a team that is misspelt",
      [...coordinators(1, { team: "green" }), ...workers(1, { team: "gren" })],
      "the team gren of w-1 has no coordinator",
      "Did you mean green?",
    ],
    [
      "a team that two lead",
      coordinators(2, red),
      "c-1 and c-2 both lead the team red; a team has one coordinator",
      "Leave team out of [agents.c], so that each leads one of its own name, or name another one.",
    ],
    [
      "a coordinator that shares its inbox",
      [...coordinators(1, { inbox: "mail" }), ...workers(1, { inbox: "mail" })],
      "the coordinator c-1 shares the inbox mail with w-1; a coordinator has one of its own",
      "Leave inbox out of [agents.c], or name one that nobody else has.",
    ],
  ];
  for (const [what, members, message, hint] of wrong)
    test(what, () => {
      expect(() => formTeams(members, swarm)).toThrow(
        expect.objectContaining({ code: "E_CONFIG", message, hint }),
      );
    });
});

describe("the heir", () => {
  const candidates = [
    { name: "c-1", unsettled: 2, workers: 1 },
    { name: "c-2", unsettled: 1, workers: 9 },
    { name: "c-3", unsettled: 1, workers: 3 },
    { name: "c-4", unsettled: 1, workers: 3 },
  ];
  test("has the fewest unsettled messages, then the fewest workers, and is then the first", () => {
    expect(heirOf(candidates)).toBe("c-3");
    expect(heirOf(candidates.slice(0, 2))).toBe("c-2");
    expect(heirOf(candidates.toReversed())).toBe("c-4");
  });
  test("is nobody where nobody is left", () => {
    expect(heirOf([])).toBeUndefined();
  });
});

test("the workers of all teams that a coordinator leads count", () => {
  const teams = [
    { team: "a", coordinator: "c-1", workers: ["w-1", "w-2"] },
    { team: "b", coordinator: "c-1", workers: ["w-3"] },
    { team: "c", coordinator: null, workers: ["w-4"] },
  ];
  expect(["c-1", "c-2"].map((name) => workersOf(teams, name))).toEqual([3, 0]);
});

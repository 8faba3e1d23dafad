import { describe, expect, test } from "bun:test";
import { type Topology, arrange, afterHandover } from "../../src/agents/topology.ts";
import { addresses, coordinators, lead, workers } from "./members.ts";

const workersOfEach = ({ teams }: ReturnType<typeof arrange>) =>
  teams.map(({ workers }) => workers.length);

test("a flat swarm has no teams and no routes, whatever its members are", () => {
  const flat = arrange([...coordinators(2), ...workers(9)], "flat");
  expect(flat).toEqual({
    topology: "flat",
    why: "anybody writes to anybody",
    teams: [],
    routes: [],
    standIns: new Map(),
  });
});

describe("a mesh", () => {
  test("has each reach each, under its name and as one of its peers", () => {
    const { topology, why, teams, routes } = arrange(workers(3), "mesh");
    expect({ topology, why, teams }).toEqual({
      topology: "mesh",
      why: "the file says so",
      teams: [],
    });
    expect(addresses(routes, "w-2")).toEqual({
      "w-1": ["w-1"],
      "w-2": ["w-2"],
      "w-3": ["w-3"],
      "@peers": ["w-1", "w-3"],
      "@workers": ["w-1", "w-3"],
    });
  });

  test.each([2, 7])("may have %d agents", (count) => {
    const { routes } = arrange(workers(count), "mesh");
    expect(routes.filter(({ address }) => address === "@peers")).toHaveLength(count * (count - 1));
  });

  const wrong: [string, ReturnType<typeof workers>, string, RegExp][] = [
    [
      "one agent",
      workers(1),
      "a mesh has 2 to 7 agents, and there is one",
      /Add agents, or write topology = "flat"/,
    ],
    [
      "eight agents",
      workers(8),
      "a mesh has 2 to 7 agents, and there are 8",
      /counts to 7 in all.*"hierarchical".*role = "coordinator"/,
    ],
    [
      "a shared inbox",
      workers(3, { inbox: "files" }),
      "w-1 and w-2 share the inbox files; in a mesh each has one of its own",
      /Leave inbox out of \[agents\.w\]/,
    ],
  ];
  for (const [what, members, message, hint] of wrong)
    test(`of ${what} is refused, with what to change`, () => {
      expect(() => arrange(members, "mesh")).toThrow(
        expect.objectContaining({ code: "E_CONFIG", message, hint: expect.stringMatching(hint) }),
      );
    });
});

describe("a hierarchy", () => {
  const members = [...coordinators(2), ...workers(4)];

  test("says why, and has a team for each coordinator", () => {
    const { topology, why, teams } = arrange(members, "hierarchical");
    expect({ topology, why }).toEqual({
      topology: "hierarchical",
      why: "the file says so",
    });
    expect(teams).toEqual([
      { team: "c-1", coordinator: "c-1", workers: ["w-1", "w-3"] },
      { team: "c-2", coordinator: "c-2", workers: ["w-2", "w-4"] },
    ]);
  });

  test("has a worker reach its coordinator and nobody else", () => {
    const { routes } = arrange(members, "hierarchical");
    expect(addresses(routes, "w-3")).toEqual({
      "w-3": ["w-3"],
      "c-1": ["c-1"],
      "@coordinator": ["c-1"],
      "@team:c-1": ["c-1"],
    });
  });

  test("has a coordinator reach its workers and nobody else", () => {
    const { routes } = arrange(members, "hierarchical");
    expect(addresses(routes, "c-2")).toEqual({
      "c-2": ["c-2"],
      "w-2": ["w-2"],
      "w-4": ["w-4"],
      "@workers": ["w-2", "w-4"],
      "@team:c-2": ["w-2", "w-4"],
    });
  });

  test("has workers that share an inbox reached through it, once", () => {
    const { routes } = arrange(
      [...coordinators(1), ...workers(3, { inbox: "files" })],
      "hierarchical",
    );
    expect(addresses(routes, "c-1")).toMatchObject({ files: ["files"], "@workers": ["files"] });
  });

  test("leaves a coordinator without workers with its own inbox, and not free", () => {
    const { routes } = arrange(coordinators(1), "hierarchical");
    expect(routes).toEqual([{ sender: "c-1", address: "c-1", inbox: "c-1" }]);
  });
});

describe("a hybrid", () => {
  const members = [...coordinators(3), ...workers(3)];

  test("is a hierarchy whose coordinators reach each other, and each other's teams only through them", () => {
    const { routes } = arrange(members, "hybrid");
    expect(addresses(routes, "c-1")).toEqual({
      "c-1": ["c-1"],
      "c-2": ["c-2"],
      "c-3": ["c-3"],
      "w-1": ["w-1"],
      "@peers": ["c-2", "c-3"],
      "@workers": ["w-1"],
      "@team:c-1": ["w-1"],
      "@team:c-2": ["c-2"],
      "@team:c-3": ["c-3"],
    });
    expect(Object.keys(addresses(routes, "w-1"))).toEqual([
      "w-1",
      "c-1",
      "@coordinator",
      "@team:c-1",
    ]);
  });

  test("of 15 coordinators and 693 workers has 46 or 47 of them each", () => {
    const hybrid = arrange([...coordinators(15), ...workers(693)], "hybrid");
    expect(new Set(workersOfEach(hybrid))).toEqual(new Set([46, 47]));
    expect(new Set(hybrid.routes.map(({ sender }) => sender)).size).toBe(708);
  });
});

test("addresses of a role work in a mesh too, so that a small swarm needs no other programs than a large one", () => {
  const { routes } = arrange([...coordinators(1), ...workers(2, { team: "red" })], "mesh");
  expect(addresses(routes, "w-1")).toMatchObject({
    "@coordinator": ["c-1"],
    "@peers": ["c-1", "w-2"],
    "@team:red": ["w-2"],
  });
  expect(addresses(routes, "c-1")).toMatchObject({
    "@workers": ["w-1", "w-2"],
    "@team:red": ["w-1", "w-2"],
  });
});

describe("auto", () => {
  const picks: [string, ReturnType<typeof workers>, Topology, string][] = [
    ["one agent", workers(1), "flat", "a single agent has nobody to reach"],
    ["two agents", workers(2), "mesh", "2 agents: up to 7 form a mesh"],
    ["seven agents", workers(7), "mesh", "7 agents: up to 7 form a mesh"],
    [
      "seven agents of which one is a coordinator",
      [...coordinators(1), ...workers(6)],
      "mesh",
      "7 agents: up to 7 form a mesh",
    ],
    [
      "a few agents with one inbox",
      workers(3, { inbox: "files" }),
      "flat",
      "3 agents would form a mesh, but w-1 and w-2 share the inbox files, so it is flat",
    ],
    [
      "eight agents",
      workers(8),
      "flat",
      "8 agents without a coordinator: up to 100 of them are flat",
    ],
    [
      "eight agents of which one is a coordinator",
      [...coordinators(1), ...workers(7)],
      "hierarchical",
      "8 agents with a coordinator: 8 to 100 form a hierarchy",
    ],
    [
      "a hundred agents",
      [...coordinators(2), ...workers(98)],
      "hierarchical",
      "100 agents with a coordinator: 8 to 100 form a hierarchy",
    ],
    [
      "101 agents",
      [...coordinators(2), ...workers(99)],
      "hybrid",
      "101 agents: with more than 100 it is a mesh of coordinators, each with its workers",
    ],
  ];
  for (const [what, members, topology, why] of picks)
    test(`makes ${what} ${topology}, and says why`, () => {
      expect(arrange(members, "auto")).toMatchObject({ topology, why });
    });

  test("needs coordinators above a hundred, and says so", () => {
    expect(() => arrange(workers(150), "auto")).toThrow(
      expect.objectContaining({
        code: "E_CONFIG",
        message:
          'a hybrid swarm (which "auto" makes of 150 agents) needs a coordinator, and none of its 150 agents is one',
        hint: 'Give a group role = "coordinator"; 3 of them can have 150 workers. Or write topology = "flat".',
      }),
    );
  });
});

describe("after a handover", () => {
  const members = [...coordinators(3), ...workers(3)];
  const hybrid = arrange(members, "hybrid");
  const once = afterHandover(hybrid, members, { from: lead("c-1"), to: lead("c-3") });

  test("the heir has its teams, and its workers write to the heir", () => {
    expect(once.teams.map(({ team, coordinator }) => [team, coordinator])).toEqual([
      ["c-1", "c-3"],
      ["c-2", "c-2"],
      ["c-3", "c-3"],
    ]);
    expect(addresses(once.routes, "c-3")).toEqual({
      "c-3": ["c-3"],
      "c-2": ["c-2"],
      "w-1": ["w-1"],
      "w-3": ["w-3"],
      "@peers": ["c-2"],
      "@workers": ["w-1", "w-3"],
      "@team:c-1": ["w-1"],
      "@team:c-2": ["c-2"],
      "@team:c-3": ["w-3"],
    });
  });

  test("what is sent to it by name goes to the heir, whoever sends it", () => {
    expect(addresses(once.routes, "*")).toEqual({ "c-1": ["c-3"] });
    expect(addresses(once.routes, "w-1")).toEqual({
      "w-1": ["w-1"],
      "c-3": ["c-3"],
      "@coordinator": ["c-3"],
      "@team:c-1": ["c-3"],
      "@team:c-3": ["c-3"],
    });
    expect(addresses(once.routes, "c-2")).toMatchObject({
      "@peers": ["c-3"],
      "@team:c-1": ["c-3"],
    });
    expect(addresses(once.routes, "w-2")).toEqual(addresses(hybrid.routes, "w-2"));
  });

  test("and the heir failed too, the next one has it all", () => {
    const twice = afterHandover(once, members, { from: lead("c-3"), to: lead("c-2") });
    expect(new Set(twice.teams.map(({ coordinator }) => coordinator))).toEqual(new Set(["c-2"]));
    expect(addresses(twice.routes, "w-1")).toMatchObject({ "@coordinator": ["c-2"] });
    expect(addresses(twice.routes, "*")).toEqual({ "c-1": ["c-2"], "c-3": ["c-2"] });
    expect(addresses(twice.routes, "c-2")["@peers"]).toBeUndefined();
    expect(addresses(twice.routes, "c-2")["@workers"]).toEqual(["w-1", "w-2", "w-3"]);
  });

  test("the one that was replaced stays bound, and has no workers", () => {
    const after = arrange(members, "hierarchical");
    const { routes } = afterHandover(after, members, { from: lead("c-1"), to: lead("c-2") });
    expect(addresses(routes, "c-1")).toEqual({ "c-1": ["c-1"] });
  });
});

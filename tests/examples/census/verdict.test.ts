import { expect, test } from "bun:test";
import type { Figures } from "../../../examples/census/figures.ts";
import { asJson, asTable, type Census } from "../../../examples/census/table.ts";
import { judgeMessages, judgeWork } from "../../../examples/census/verdict.ts";
import type { Results } from "../../../examples/census/watch.ts";

const results: Results = {
  plan: { home: "/home", files: ["./a.ts", "./b.ts"], skipped: [], pieces: 3 },
  totals: { counts: [10, 2], pieces: 3, answeredTwice: 0 },
  checked: { counts: { "./a.ts": 10, "./b.ts": 2 }, bytes: 100 },
  killed: [{ agent: "self-2", what: "program", pid: 7 }],
  agents: [
    { name: "planner", state: "stopped" },
    { name: "self-1", state: "busy" },
    { name: "self-2", state: "failed" },
  ],
};

const percentiles = { p50: 1, p95: 2, p99: 3 };
const figures: Figures = {
  sent: 7,
  acked: 7,
  dead: 0,
  deadBecause: null,
  redelivered: { died: 1 },
  latency: { pieces: percentiles, answers: percentiles },
  perSecond: 3.5,
  seconds: 2,
  ledger: {
    sent: 7,
    moved_in: 0,
    ready: 0,
    delayed: 0,
    leased: 0,
    parked: 0,
    acked: 7,
    dead: 0,
    expired: 0,
    purged: 0,
    moved_out: 0,
  },
  conserved: true,
};

test("work that is right has no faults", () => {
  expect(judgeWork(results, [])).toEqual([]);
  expect(judgeMessages(figures)).toEqual([]);
});

test("a wrong count names its file", () => {
  const totals = { ...results.totals, counts: [10, 3] };
  expect(judgeWork({ ...results, totals }, [])).toEqual(["./b.ts: counted 3, should be 2"]);
});

test("two wrong counts that make up for each other are both seen", () => {
  const totals = { ...results.totals, counts: [11, 1] };
  expect(judgeWork({ ...results, totals }, [])).toHaveLength(2);
});

test("a file that only one of the two has counted is named", () => {
  const fewer = { ...results.checked, counts: { "./a.ts": 10 } };
  expect(judgeWork({ ...results, checked: fewer }, [])).toEqual([
    "./b.ts: counted 2, should be nothing",
  ]);
  const more = { ...results.checked, counts: { ...results.checked.counts, "./c.ts": 0 } };
  expect(judgeWork({ ...results, checked: more }, [])).toEqual([
    "./c.ts: counted nothing, should be 0",
  ]);
});

test("a file that changed meanwhile is not compared", () => {
  const totals = { ...results.totals, counts: [11, 3] };
  expect(judgeWork({ ...results, totals }, ["./a.ts"])).toEqual(["./b.ts: counted 3, should be 2"]);
});

test("lost pieces, double answers and agents that failed by themselves are faults", () => {
  expect(judgeWork({ ...results, totals: { ...results.totals, pieces: 2 } }, [])).toHaveLength(1);
  expect(
    judgeWork({ ...results, totals: { ...results.totals, answeredTwice: 1 } }, []),
  ).toHaveLength(1);
  expect(judgeWork({ ...results, killed: [] }, [])).toEqual([
    "self-2 failed, and nobody had killed it",
  ]);
});

test("a message that is not acknowledged, a dead letter and a ledger that is off are faults", () => {
  expect(judgeMessages({ ...figures, acked: 6 })).toHaveLength(1);
  expect(judgeMessages({ ...figures, dead: 1 })).toHaveLength(1);
  expect(judgeMessages({ ...figures, conserved: false })).toHaveLength(1);
});

test("the table ends with the verdict and shows every fault", () => {
  const census: Census = {
    run: "now",
    directory: "/tree",
    results,
    figures,
    drainMs: 12.3,
    survivors: 0,
    changed: [],
    faults: [],
  };
  expect(asTable(census)).toEndWith(
    "VERDICT           every identifier counted, every message accounted for\n",
  );
  expect(asJson(census)).toMatchObject({
    identifiers: 12,
    messages_sent: 7,
    programs_killed: 1,
    ok: true,
  });

  const failed = { ...census, results: undefined, figures: undefined, faults: ["it broke"] };
  expect(asTable(failed)).toMatch(/WRONG {13}it broke\nVERDICT {11}FAILED\n$/);
  expect(asJson(failed)).toMatchObject({ identifiers: null, messages_sent: null, ok: false });
});

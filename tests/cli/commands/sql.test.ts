import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";
import { waitUntil } from "../../helpers/wait-until.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("a question is answered in a table whose columns are in line, with nothing that drives a terminal", async () => {
  const skep = newSkep();
  const sql =
    "select 'long\u001b[2J' as one, 7 as two, null as three, x'00ff' as four, x'6869' as five";
  expect(await skep(["sql", `${sql} union all select 1, 22, 3, 4, 5`])).toEqual({
    status: 0,
    stdout: [
      "one            two  three  four     five",
      "long\\u001b[2J  7    -      x'00ff'  hi",
      "1              22   3      4        5",
      "",
    ].join("\n"),
    stderr: "",
  });
});

test("with --json each row is an object, every name once and every number whole", async () => {
  const sql = "select 9007199254740993 as n, 1.5 as n, null as x, x'00ff' as b, x'6869' as t";
  const { stdout } = await newSkep()(["sql", `${sql} union all select 1, 2, 3, 4, 5`, "--json"]);
  expect(stdout.split("\n").sort()).toEqual([
    "",
    '{"n":1,"n_2":2,"x":3,"b":4,"t":5}',
    `{"n":9007199254740993,"n_2":1.5,"x":null,"b":"x'00ff'","t":"hi"}`,
  ]);
});

test("no rows are the names alone, and no line at all with --json", async () => {
  const skep = newSkep();
  const sql = "select inbox, ready from inboxes";
  expect((await skep(["sql", sql])).stdout).toBe("inbox  ready\n");
  expect(await skep(["sql", sql, "--json"])).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("a long question comes on standard input", async () => {
  expect((await newSkep()(["sql", "-"], "select 1 as one;\n")).stdout).toBe("one\n1\n");
});

test("what would write exits 2 and changes nothing", async () => {
  const skep = newSkep();
  await skep(["send", "a1", "kept"]);
  for (const sql of [
    "delete from messages",
    "with x as (select 1) delete from messages",
    "select 1; delete from messages",
    "pragma query_only = off",
  ]) {
    const { status, stdout, stderr } = await skep(["sql", sql, "--json"]);
    expect([sql, status, stdout]).toEqual([sql, 2, ""]);
    expect(JSON.parse(stderr).error).toMatchObject({ code: "E_USAGE", hint: expect.any(String) });
  }
  expect((await skep(["peek", "a1"])).stdout).toContain("kept");
});

test("a question that SQLite does not understand exits 2 in its words", async () => {
  const { status, stderr } = await newSkep()(["sql", "select * from nowhere"]);
  expect(status).toBe(2);
  expect(stderr).toStartWith("skep: no such table: nowhere\n");
});

test("the signs of life are asked as the documentation has it, and there are none to begin with", async () => {
  const skep = newSkep();
  const page = readFileSync(join(import.meta.dir, "..", "..", "..", "docs", "inspect.md"), "utf8");
  const [, sql] = /`skep sql "(select [^`]* vitals\.[^`]*)"`/.exec(page)!;
  expect(await skep(["sql", sql!, "--json"])).toEqual({ status: 0, stdout: "", stderr: "" });
  await skep(["beat", "--as", "a1", "--status", "degraded", "--detail", "slow"]);
  const [row] = (await skep(["sql", sql!, "--json"])).stdout.split("\n");
  expect(JSON.parse(row!)).toMatchObject({ agent: "a1", status: "degraded", detail: "slow" });
  const both =
    "select count(*) as n from vitals.heartbeats h left join agents a on a.name = h.agent";
  expect((await skep(["sql", both])).stdout).toBe("n\n1\n");
  const write = "with x as (select 1) delete from vitals.heartbeats";
  expect((await skep(["sql", write])).status).toBe(2);
  expect((await skep(["sql", both])).stdout).toBe("n\n1\n");
});

test.skipIf(process.platform !== "linux")(
  "a question without end is ended by Ctrl-C",
  async () => {
    const skep = join(import.meta.dir, "..", "..", "..", "bin", "skep.ts");
    const sql =
      "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n";
    const child = Bun.spawn(
      [process.execPath, skep, "sql", sql, "--home", join(tempDir(), "home")],
      {
        stdin: "ignore",
        stdout: "pipe",
      },
    );
    await waitUntil("it counts", () => cpuTicks(child.pid) > 100, 200_000);
    child.kill("SIGINT");
    await child.exited;
    expect([child.signalCode, await child.stdout.text()]).toEqual(["SIGINT", ""]);
  },
  240_000,
);

/** How long the process has computed, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

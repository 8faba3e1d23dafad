// `.ci/with-bun` on a machine of its own making: an npm that installs a Bun of three lines, and no network.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { tempDir } from "../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const npm = `#!/bin/sh
echo "npm $*" >> log
mkdir -p node_modules/.bin
printf '#!/bin/sh\\nfor word; do echo "<$word>"; done\\nexit 8\\n' > node_modules/.bin/greet
printf '#!/bin/sh\\necho "bun $*" >> log\\n' > node_modules/.bin/bun
chmod +x node_modules/.bin/*
`;

function machine(npmScript = npm) {
  const root = tempDir();
  const script = (name: string, text: string) => {
    writeFileSync(join(root, "bin", name), text);
    chmodSync(join(root, "bin", name), 0o755);
  };
  mkdirSync(join(root, ".ci"));
  mkdirSync(join(root, "bin"));
  copyFileSync(join(import.meta.dir, "../../.ci/with-bun"), join(root, ".ci/with-bun"));
  writeFileSync(join(root, "package-lock.json"), "first");
  script("npm", npmScript);
  script("node", '#!/bin/sh\necho "node $*" >> log\n');
  return {
    root,
    run: (...words: string[]) => {
      const { exitCode, stdout } = Bun.spawnSync(["sh", ".ci/with-bun", ...words], {
        cwd: root,
        env: { PATH: `${join(root, "bin")}:/usr/local/bin:/usr/bin:/bin`, HOME: root },
      });
      return { exitCode, out: stdout.toString() };
    },
    log: () => readFileSync(join(root, "log"), "utf8").split("\n"),
    installations: () =>
      readFileSync(join(root, "log"), "utf8").match(/^node .*bun\/install\.js$/gm)?.length ?? 0,
  };
}

test("the first command installs, puts Bun in its place, and the next ones do not", () => {
  const { run, log, installations } = machine();
  expect(run("greet").exitCode).toBe(8);
  expect(log()[0]).toStartWith("npm ci ");
  expect(installations()).toBe(1);
  run("greet");
  expect(installations()).toBe(1);
});

test("a changed lock file or emptied node_modules is installed again", () => {
  const { root, run, installations } = machine();
  run("greet");
  writeFileSync(join(root, "package-lock.json"), "second");
  run("greet");
  expect(installations()).toBe(2);
  Bun.spawnSync(["rm", "-r", join(root, "node_modules")]);
  mkdirSync(join(root, "node_modules"));
  run("greet");
  expect(installations()).toBe(3);
});

test("arguments and the exit status pass through unchanged", () => {
  const { run } = machine();
  expect(run("greet", "a b", "", "--json", "*")).toEqual({
    exitCode: 8,
    out: "<a b>\n<>\n<--json>\n<*>\n",
  });
});

test("the executable is brought up to date only when asked for", () => {
  const { run, log } = machine();
  run("greet");
  expect(log()).not.toContain("bun bin/build.ts --if-stale");
  expect(run("--build", "greet", "x")).toEqual({ exitCode: 8, out: "<x>\n" });
  expect(log()).toContain("bun bin/build.ts --if-stale");
});

test("a failed installation fails, and is not taken for a good one the next time", () => {
  const { root, run } = machine("#!/bin/sh\nmkdir -p node_modules\nexit 3\n");
  expect(run("true").exitCode).toBe(3);
  expect(run("true").exitCode).toBe(3);
  expect(existsSync(join(root, "node_modules/.installed-lock.json"))).toBe(false);
});

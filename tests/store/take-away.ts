// Somebody who is in the way of whoever makes a file.

/** Does `work` while another process takes the file at `path` away whenever it is there. */
export async function whileTakenAway(path: string, work: () => void): Promise<void> {
  const program = `
    const { unlinkSync } = require("node:fs");
    console.log("begun");
    for (;;) try { unlinkSync(${JSON.stringify(path)}); } catch {}`;
  const other = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  try {
    await other.stdout.getReader().read();
    work();
  } finally {
    other.kill("SIGKILL");
    await other.exited;
  }
}

// Which file system a path lies on, by the kernel's own table of mounts.

interface Mount {
  id: string;
  parent: string;
  point: string;
  type: string;
}

/** The type of the file system that the text of `/proc/self/mountinfo` shows for the absolute `path`, or undefined when it shows none. */
export function typeByMount(mountinfo: string, path: string): string | undefined {
  const mounts = mountinfo.split("\n").flatMap(parse);
  const ids = new Set(mounts.map((mount) => mount.id));
  let found: Mount | undefined;
  // From the root downwards, as the kernel walks: of the mounts on the one reached so far, the first on the way
  // counts, for it covers whatever lies below its point. Each step leaves fewer, so this ends.
  for (let left = mounts; ; left = left.filter((mount) => mount !== found)) {
    const next = left
      .filter((mount) => (found === undefined ? isTop(mount, ids) : mount.parent === found.id))
      .filter((mount) => lies(path, mount.point))
      .sort((a, b) => a.point.length - b.point.length)[0];
    if (next === undefined) return found?.type;
    found = next;
  }
}

// The mount above the topmost is out of sight, or the topmost is its own.
function isTop(mount: Mount, ids: Set<string>): boolean {
  return mount.parent === mount.id || !ids.has(mount.parent);
}

// "36 35 98:0 /from /mnt/point rw,noatime shared:1 - ext3 /dev/root rw"
function parse(line: string): Mount[] {
  const [before, after] = line.split(" - ");
  const [id, parent, , , point] = before!.split(" ");
  const type = after?.split(" ")[0];
  if (!id || !parent || !point || !type) return [];
  return [{ id, parent, point: unescapeOctal(point), type }];
}

// The kernel writes a space as \040, and tab, newline and backslash likewise.
function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function lies(path: string, point: string): boolean {
  return path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
}

// This machine alone: which hosts and addresses nobody else can be behind.

/** Whether `host`, an address or a name as URLs and resolvers write it, is this machine's own by what it says; any other name is not, wherever it may lead. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return /^(.+\.)?localhost$/.test(bare) || isLoopbackAddress(bare);
}

/** Whether `address`, without brackets, is one of this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return (
    /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address) ||
    /^::ffff:7f[\da-f]{2}:[\da-f]{1,4}$/.test(address) ||
    address === "::1"
  );
}

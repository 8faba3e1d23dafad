// Lists by key.

/** Adds `value` to the list of `key`. */
export function addTo<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const values = groups.get(key);
  if (values === undefined) groups.set(key, [value]);
  else values.push(value);
}

/** The number that a setting has; null where it has none, or none that could be one: that is for another rule. */
export function countIn(config: Readonly<Record<string, string>>, name: string): number | null {
  const text = Object.hasOwn(config, name) ? (config[name] ?? "") : "";
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : null;
}

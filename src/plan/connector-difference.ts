/** What of the connectors differs from what the spec says: pure. Those that the spec does not have are nobody's business here. */

/** Its settings as the workers are to be given them; a secret is a reference to a file of theirs. */
export type WantedConnector = {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
};

export type ConnectorChange = {
  readonly key: string;
  readonly kind: "connector";
  readonly verb: "create" | "update";
  readonly name: string;
  readonly title: string;
  /** Each setting with its `+` or `-`; never a secret. */
  readonly diff: readonly string[];
};

/** Its secrets are not where a worker looks for them. */
export type SecretsChange = Omit<ConnectorChange, "kind" | "verb"> & {
  readonly kind: "secrets";
  readonly verb: "create";
  readonly node: string;
};

export type PlannedChange = ConnectorChange | SecretsChange;

export function connectorChanges(
  wanted: readonly WantedConnector[],
  seen: readonly WantedConnector[],
): readonly ConnectorChange[] {
  return wanted.flatMap(({ name, config }): readonly ConnectorChange[] => {
    const there = seen.find((one) => one.name === name);
    const diff = settingLines(config, there?.config ?? {});
    if (there !== undefined && diff.length === 0) return [];
    const verb = there === undefined ? "create" : "update";
    return [{ key: `connector ${name}`, kind: "connector", verb, name, title: `${verb} connector ${name}`, diff }];
  });
}

function settingLines(
  wanted: Readonly<Record<string, string>>,
  seen: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(seen)])].toSorted();
  return keys.flatMap((key) => {
    // A worker adds it to what it was given.
    if (key === "name" || wanted[key] === seen[key]) return [];
    const line = (sign: string, value: string | undefined, other: string | undefined): readonly string[] =>
      value === undefined ? [] : [`${sign}${key}=${shownSetting(key, value, other)}`];
    return [...line("-", seen[key], wanted[key]), ...line("+", wanted[key], seen[key])];
  });
}

const secretName = /password|passphrase|secret|token|credential|api\.?key|private\.?key|jaas/i;
const reference = /^\$\{kctl:[^}]*\.([0-9a-f]{12})\}$/;

/** Whether a value comes from the secrets that kctl keeps beside the workers. */
function isSecret(value: string): boolean {
  return reference.test(value);
}

/** @param other the other side of a difference: where that is a secret, this one was it in plain text */
export function shownSetting(key: string, value: string, other?: string): string {
  const digest = reference.exec(value)?.[1];
  if (digest !== undefined) return `(secret ${digest})`;
  if (other !== undefined && isSecret(other)) return "(hidden)";
  return secretName.test(key) && !/^\$\{[^}]+\}$/.test(value) ? "(hidden)" : value;
}

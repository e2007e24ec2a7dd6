/** Has the workers check each connector before anything is changed: its class, then its settings, by the connector's own rules. */
import { KctlError, type Fault } from "../../fault.ts";
import type { Workers } from "../../kafka/connectors.ts";
import type { WantedConnector } from "../../plan/connector-difference.ts";
import { nearest } from "../../spec/nearest.ts";

/** Throws all faults of all of them as one. */
export async function mustBeValid(wanted: readonly WantedConnector[], workers: Workers): Promise<void> {
  if (wanted.length === 0) return;
  const classes = await workers.classes();
  const faults: Fault[] = [];
  for (const one of wanted) {
    const missing = missingClass(one, classes);
    if (missing !== null) faults.push(missing);
    else faults.push(...(await settingFaults(one, workers)));
  }
  if (faults.length > 0) throw new KctlError(faults);
}

/** Connect takes a class by its short name too, and without `Connector` at the end. */
export function missingClass({ name, config }: WantedConnector, classes: readonly string[]): Fault | null {
  const wanted = config["connector.class"] ?? "";
  const short = (full: string): string => full.slice(full.lastIndexOf(".") + 1);
  const known = classes.flatMap((full) => [full, short(full), short(full).replace(/Connector$/, "")]);
  if (known.includes(wanted)) return null;
  const meant = nearest(wanted, known);
  return {
    code: "connector-invalid",
    where: name,
    what: `no worker has the connector class ${wanted}`,
    fix:
      meant === null
        ? "name its plugin under `connect.plugins` and run `kctl up`; one that lists no classes in META-INF/services is found with `plugin.discovery: hybrid_warn` under `connect.config`"
        : `did you mean ${meant}?`,
    detail: `they have: ${classes.length === 0 ? "none" : classes.join(", ")}`,
  };
}

async function settingFaults({ name, config }: WantedConnector, workers: Workers): Promise<readonly Fault[]> {
  const found = await workers.validate(name, config);
  return [...new Map(found.map((one) => [`${one.setting} ${one.why}`, one])).values()].map(({ setting, why }) => ({
    code: "connector-invalid",
    where: `${name}.${setting}`,
    what: `connector ${name} does not take its settings: ${setting}: ${why.trim()}`,
    fix: `mend \`${setting}\` in its \`config\``,
  }));
}

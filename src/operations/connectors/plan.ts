/** What `connectors apply` would change: the settings of the connectors that the spec declares, and where their secrets lie. */
import { connectorChanges, type PlannedChange, type SecretsChange } from "../../plan/connector-difference.ts";
import type { ConnectorSeen, Workers } from "../../kafka/connectors.ts";
import type { Context } from "../context.ts";
import { discreet, withoutSecrets } from "./hide-secrets.ts";
import { mustBeConnectors, openConnect, seenConnectors, workersOf, type OpenConnect } from "./open-connect.ts";
import { secretsOf, type Secrets } from "./secrets.ts";

export type ConnectorPlan = { readonly cluster: string; readonly changes: readonly PlannedChange[] };

export type Looked = ConnectorPlan & {
  readonly workers: Workers;
  readonly secrets: Secrets;
  readonly seen: readonly ConnectorSeen[];
};

/** @param names only these; all where there is none */
export async function planConnectors(context: Context, names: readonly string[]): Promise<ConnectorPlan> {
  const { cluster, changes } = await lookAtConnectors(await openConnect(context), names, context);
  return { cluster, changes };
}

export async function lookAtConnectors(open: OpenConnect, names: readonly string[], context: Context): Promise<Looked> {
  const known = open.spec.connectors ?? [];
  mustBeConnectors(
    names,
    known.map(({ name }) => name),
    "in the spec",
  );
  const declared = known.filter(({ name }) => names.length === 0 || names.includes(name));
  const outspoken = workersOf(open, context);
  const [secrets, all] = await Promise.all([secretsOf(declared, open, context), seenConnectors(outspoken, context)]);
  const workers = discreet(outspoken, secrets.hide);
  const seen = all.map((one) => withoutSecrets(one, secrets.hide));
  const changes = [
    ...secrets.missing.map(({ node, name }): SecretsChange => ({
      key: `secrets of ${name} on ${node}`,
      kind: "secrets",
      verb: "create",
      name,
      node,
      title: `put the secrets of connector ${name} on ${node}`,
      diff: [],
    })),
    ...connectorChanges(secrets.wanted, seen),
  ];
  return { cluster: open.cluster.name, changes, workers, secrets, seen };
}

/**
 * Secrets of connectors: read here, put into a file of mode 600 beside each worker, and named in the connector's settings by a
 * reference. The reference ends in a digest that is keyed by what lies beside them: another secret is another setting, and nobody
 * who sees the digest can try guesses against it.
 */
import { createHmac, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KctlError, faultsOf } from "../../fault.ts";
import type { Host } from "../../hosts/host.ts";
import type { WantedConnector } from "../../plan/connector-difference.ts";
import { properties, valueOfLine } from "../../render/properties.ts";
import type { DesiredFile, Owner } from "../../services/desired.ts";
import { secretsFolder, secretsProvider } from "../../services/connect.ts";
import type { Secret } from "../../spec/formats.ts";
import type { Spec } from "../../spec/schema.ts";
import type { Context } from "../context.ts";
import { hiderOf, type Hide } from "./hide-secrets.ts";
import type { OpenConnect } from "./open-connect.ts";

type Declared = NonNullable<Spec["connectors"]>[number];

/** A folder of secrets, and what is in it. */
type Store = {
  readonly host: Host;
  readonly folder: string;
  readonly owner?: Owner;
  readonly key: string | null;
  /** Lines of each connector's file. */
  readonly files: Readonly<Record<string, readonly string[]>>;
};

export type Secrets = {
  readonly wanted: readonly WantedConnector[];
  /** Connectors whose secrets are not where a worker looks for them, by node. */
  readonly missing: readonly { readonly node: string; readonly name: string }[];
  /** Takes them out of what workers say, those that they have used so far too. */
  readonly hide: Hide;
  /** Puts this connector's secrets beside each worker, with those that it has used so far. */
  readonly write: (name: string) => Promise<void>;
  /** Leaves those that it uses; one that uses none any more is left no file. */
  readonly tidy: (name: string) => Promise<void>;
};

const longest = 1 << 20;

export async function secretsOf(
  declared: readonly Declared[],
  open: OpenConnect,
  context: Pick<Context, "env" | "home">,
): Promise<Secrets> {
  const values = await readAll(declared, context);
  const using = [...values.keys()];
  const stores = using.length === 0 ? [] : await storesOf(using, open);
  const key = stores.find((store) => store.key !== null)?.key ?? randomBytes(32).toString("hex");
  const [folder = ""] = stores.map((store) => store.folder);
  const lines = new Map(using.map((name) => [name, linesOf(name, values.get(name) ?? new Map(), key)]));
  const put = async (name: string, content: (store: Store) => readonly string[]): Promise<void> => {
    const own = lines.get(name);
    if (own === undefined) return;
    await Promise.all(stores.map((store) => writeTo(store, key, name, content(store))));
  };
  const isThere = (store: Store, name: string): boolean =>
    store.key === key && (lines.get(name) ?? []).every((line) => store.files[name]?.includes(line));
  return {
    wanted: declared.map(({ name, class: connectorClass, config }) => ({
      name,
      config: {
        ...Object.fromEntries(
          Object.entries(config).map(([setting, value]) => {
            if (typeof value === "string") return [setting, value];
            const text = values.get(name)?.get(setting) ?? "";
            return [
              setting,
              `\${${secretsProvider}:${folder}/${fileOf(name)}:${setting}.${digestOf(name, setting, text, key)}}`,
            ];
          }),
        ),
        "connector.class": connectorClass,
      },
    })),
    missing: stores.flatMap((store) =>
      using.filter((name) => !isThere(store, name)).map((name) => ({ node: store.host.node, name })),
    ),
    hide: hiderOf([...[...values.values()].flatMap((its) => [...its.values()]), ...stores.flatMap(valuesIn)]),
    // Its tasks go on by what they were given until they are given the new.
    write: (name) => put(name, (store) => [...new Set([...(store.files[name] ?? []), ...(lines.get(name) ?? [])])]),
    tidy: (name) => (lines.has(name) ? put(name, () => lines.get(name) ?? []) : forgetSecrets(name, open)),
  };
}

/** Takes the secrets that workers have for these connectors out of what they say. */
export async function hiderFor(names: readonly string[], open: OpenConnect): Promise<Hide> {
  if (names.length === 0) return hiderOf([]);
  // All workers have the same: one that cannot be reached is not missed.
  const read = await Promise.allSettled(places(open).map((place) => storeAt(place, names)));
  return hiderOf(read.flatMap((one) => (one.status === "fulfilled" ? valuesIn(one.value) : [])));
}

function valuesIn({ files }: Store): readonly string[] {
  return Object.values(files).flat().map(valueOfLine);
}

/** Of a connector that was deleted, or has none any more. */
export async function forgetSecrets(name: string, open: OpenConnect): Promise<void> {
  await Promise.all(places(open).map(({ host, folder }) => host.removeFile(join(folder, fileOf(name)))));
}

function digestOf(name: string, setting: string, value: string, key: string): string {
  return createHmac("sha256", key)
    .update(JSON.stringify([name, setting, value]))
    .digest("hex")
    .slice(0, 12);
}

/** A connector's name may be anything. */
function fileOf(name: string): string {
  return `${encodeURIComponent(name)}.properties`;
}

function linesOf(name: string, values: ReadonlyMap<string, string>, key: string): readonly string[] {
  const settings = [...values].map(([setting, value]) => ({
    key: `${setting}.${digestOf(name, setting, value, key)}`,
    value,
    section: null,
  }));
  return linesIn(properties("", settings));
}

function linesIn(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

type Place = Pick<Store, "host" | "folder" | "owner">;

/** Each worker's own; on one machine they have one in common. */
function places({ provider, cluster, workers }: OpenConnect): readonly Place[] {
  const { machine } = provider.platform;
  const using = machine === null ? workers.slice(0, 1) : workers;
  const hosts = provider.hosts(using.map(({ node }) => node));
  return using.flatMap((member) => {
    const host = hosts.find(({ node }) => node === member.node);
    if (host === undefined) return [];
    const owner = machine === null ? {} : { owner: { user: machine.user, group: machine.user } };
    return [{ host, folder: secretsFolder(member, cluster, provider.platform), ...owner }];
  });
}

async function storesOf(names: readonly string[], open: OpenConnect): Promise<readonly Store[]> {
  return Promise.all(places(open).map((place) => storeAt(place, names)));
}

async function storeAt(place: Place, names: readonly string[]): Promise<Store> {
  const { host, folder } = place;
  const key = await host.tail(join(folder, "key"), longest);
  const files = await Promise.all(
    names.map(async (name) => [name, linesIn(await host.tail(join(folder, fileOf(name)), longest))] as const),
  );
  return { ...place, key: key.trim() === "" ? null : key.trim(), files: Object.fromEntries(files) };
}

async function writeTo(store: Store, key: string, name: string, lines: readonly string[]): Promise<void> {
  const { host, folder, owner } = store;
  const file = (path: string, content: string): DesiredFile => ({
    path: join(folder, path),
    mode: 0o600,
    content,
    member: null,
    ...(owner === undefined ? {} : { owner }),
  });
  await host.makeFolder({ path: folder, mode: 0o700, ...(owner === undefined ? {} : { owner }) });
  if (store.key !== key) await host.writeFile(file("key", `${key}\n`));
  await host.writeFile(file(fileOf(name), `${lines.join("\n")}\n`));
}

/** By connector and setting; only of those that have some. */
async function readAll(
  declared: readonly Declared[],
  context: Pick<Context, "env" | "home">,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const wanted = declared.flatMap(({ name, config }) =>
    Object.entries(config).flatMap(([setting, value]) =>
      typeof value === "string" ? [] : [{ name, setting, secret: value.secret }],
    ),
  );
  const read = await Promise.allSettled(
    wanted.map(
      async ({ name, setting, secret }) =>
        [name, setting, await valueOf(secret, `${name}.${setting}`, context)] as const,
    ),
  );
  const faults = read.flatMap((one) => (one.status === "rejected" ? faultsOf(one.reason) : []));
  if (faults.length > 0) throw new KctlError(faults);
  const all = new Map<string, Map<string, string>>();
  for (const one of read) {
    if (one.status === "rejected") continue;
    const [name, setting, value] = one.value;
    all.set(name, (all.get(name) ?? new Map<string, string>()).set(setting, value));
  }
  return all;
}

async function valueOf(secret: Secret, where: string, { env, home }: Pick<Context, "env" | "home">): Promise<string> {
  const lacking = (what: string, fix: string): KctlError => new KctlError({ code: "secret-missing", where, what, fix });
  if ("env" in secret) {
    const value = env[secret.env] ?? "";
    if (value !== "") return value;
    throw lacking(`the variable ${secret.env}, which has this secret, is not set`, `export ${secret.env}`);
  }
  const path = secret.file.replace(/^~(?=\/|$)/, home);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw lacking(`the file ${path}, which has this secret, cannot be read (${String(code)})`, "put it there");
  }
  // Editors end a file with a line end.
  const value = text.replace(/\r?\n$/, "");
  if (value !== "") return value;
  throw lacking(`the file ${path}, which has this secret, is empty`, "put it there");
}

/** The way into a cluster that kctl does not manage: what `provider.tls` and `provider.sasl` say, with the files and secrets that they point to. */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { resolve } from "node:path";
import { KctlError } from "../fault.ts";
import type { WayIn } from "../kafka/ways-in.ts";
import type { Spec } from "../spec/schema.ts";
import type { Context } from "./context.ts";

export type External = Extract<Spec["provider"], { type: "external" }>;
type Around = Pick<Context, "env" | "home"> & { /** The spec's. */ readonly folder: string };

/** By what the spec says, wherever it lies: several specs of one cluster have one way in. */
const known = new Map<string, Promise<WayIn>>();

export async function wayIntoCluster(provider: External, around: Around): Promise<WayIn> {
  const key = keyOf(provider, around);
  const way = known.get(key) ?? readWay(provider, around);
  known.set(key, way);
  return way;
}

function keyOf({ tls, sasl }: External, around: Around): string {
  const at = (path: string | undefined): string | null => (path === undefined ? null : pathOf(path, around));
  const { file, env = null } = sasl?.password.secret ?? {};
  return JSON.stringify([
    tls === undefined ? null : [at(tls.ca), at(tls.cert), at(tls.key)],
    sasl === undefined ? null : [sasl.mechanism, sasl.username, at(file), env],
  ]);
}

function pathOf(path: string, { folder, home }: Around): string {
  return resolve(folder, path.replace(/^~(?=\/)/, home));
}

async function readWay({ tls, sasl }: External, around: Around): Promise<WayIn> {
  const [dial, login] = await Promise.all([
    tls === undefined ? dialPlain : readTls(tls, around),
    sasl === undefined ? null : readLogin(sasl, around),
  ]);
  return { dial, login };
}

const dialPlain: WayIn["dial"] = ({ host, port }) => connect({ host, port, noDelay: true });

async function readTls(tls: NonNullable<External["tls"]>, around: Around): Promise<WayIn["dial"]> {
  const [ca, cert, key] = await Promise.all([
    pem("ca", "CERTIFICATE", tls.ca, around),
    pem("cert", "CERTIFICATE", tls.cert, around),
    pem("key", "PRIVATE KEY", tls.key, around),
  ]);
  const { dialTls, tlsContext } = await import("../kafka/tls.ts");
  try {
    const context = tlsContext({ ca, cert, key });
    return (address) => dialTls(address, context);
  } catch (error) {
    throw missing(
      `the files of \`provider.tls\` cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      "see that `key` is the key of `cert`, and has no passphrase",
    );
  }
}

/** @param kind what stands behind BEGIN: `RSA PRIVATE KEY` is one too */
async function pem(name: string, kind: string, path: string | undefined, around: Around): Promise<string | null> {
  if (path === undefined) return null;
  const text = await read(`\`provider.tls.${name}\``, path, around);
  if (new RegExp(`-----BEGIN ([A-Z0-9]+ )*${kind}-----`).test(text)) return text;
  throw missing(
    `\`provider.tls.${name}\`: ${path} has no ${kind.toLowerCase()} in PEM`,
    `it needs the line \`-----BEGIN ${kind}-----\`; a Java keystore is made PEM by \`openssl pkcs12\``,
  );
}

async function readLogin(sasl: NonNullable<External["sasl"]>, around: Around): Promise<WayIn["login"]> {
  const { mechanism, username } = sasl;
  const password = await readSecret(sasl.password.secret, around);
  const { logIn } = await import("../kafka/sasl/login.ts");
  return (ask, address) => logIn(ask, address, { mechanism, username, password });
}

async function readSecret(
  { file, env }: NonNullable<External["sasl"]>["password"]["secret"],
  around: Around,
): Promise<string> {
  if (file !== undefined) {
    const text = (await read("the password", file, around)).replace(/\r?\n$/, "");
    if (text !== "") return text;
    throw missing(`the password is to lie in ${file}, which is empty`, "write it into that file");
  }
  const value = around.env[env ?? ""] ?? "";
  if (value !== "") return value;
  throw missing(
    `the password is to be in the variable ${env}, which is not set or empty`,
    `set it: \`export ${env}=...\``,
  );
}

async function read(what: string, path: string, around: Around): Promise<string> {
  try {
    return await readFile(pathOf(path, around), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const why =
      { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "this user may not read it" }[code] ?? code;
    throw missing(`${what} is to lie in ${path}: ${why}`, "mend the path; a relative one starts in the spec's folder");
  }
}

function missing(what: string, fix: string): KctlError {
  return new KctlError({ code: "secret-missing", what, fix });
}

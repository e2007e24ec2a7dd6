/** What a spec of a cluster that kctl does not manage points to, and is not there. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { wayIntoCluster, type External } from "../../src/operations/way-into.ts";
import { makeCertificates } from "../kafka/support/certificates.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kctl-test-way-"));
  await makeCertificates(folder, "DNS:localhost");
  await Promise.all([
    writeFile(join(folder, "password"), "of a file\n"),
    writeFile(join(folder, "empty"), "\n"),
    writeFile(join(folder, "keystore.jks"), Buffer.from([0xfe, 0xed, 0xfe, 0xed])),
  ]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bootstrap = [{ host: "broker.example.com", port: 9092 }];
const withTls = (tls: object): External => ({ type: "external", bootstrap, tls });
const withSecret = (secret: object): External => {
  const sasl = { mechanism: "plain", username: "alice", password: { secret } } as const;
  return { type: "external", bootstrap, sasl };
};
const around = () => ({ env: { PASSWORD: "of the environment", EMPTY: "" }, home: folder, folder });

async function faultOf(provider: External): Promise<string> {
  const way = wayIntoCluster(provider, around());
  const error: unknown = await way.then(
    () => new Error("it was found"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof KctlError)) throw error;
  const [fault] = error.faults;
  return `${fault?.code}: ${fault?.what}; ${fault?.fix}`;
}

describe("the way into a cluster", () => {
  it.each([
    ["a file", withSecret({ file: "password" })],
    ["a file below the home folder", withSecret({ file: "~/password" })],
    ["the environment", withSecret({ env: "PASSWORD" })],
  ])("has a login by the password of %s", async (_name, provider) => {
    expect((await wayIntoCluster(provider, around())).login).not.toBeNull();
  });

  it.each([
    ["the authorities of Node.js", {}],
    ["a certificate of its own", { ca: "ca.pem", cert: "client.pem", key: "client-key.pem" }],
  ])("has TLS with %s", async (_name, tls) => {
    expect((await wayIntoCluster(withTls(tls), around())).login).toBeNull();
  });

  it("is one for two specs that say the same", async () => {
    const [one, other] = [withTls({ ca: "ca.pem" }), withTls({ ca: "ca.pem" })];
    expect(await wayIntoCluster(one, around())).toBe(await wayIntoCluster(other, around()));
  });

  it.each([
    ["name no file", withSecret({ env: "PASSWORD" }), withSecret({ env: "PASSWORD" })],
    ["name the same file", withTls({ ca: "../ca.pem" }), withTls({ ca: "ca.pem" })],
    ["name it from the home folder", withSecret({ file: "~/password" }), withSecret({ file: "password" })],
  ])("is one for two specs in two folders that %s", async (_name, one, other) => {
    const elsewhere = { ...around(), folder: join(folder, "below") };
    expect(await wayIntoCluster(one, elsewhere)).toBe(await wayIntoCluster(other, around()));
  });

  it("is another for a file of the same name in another folder", async () => {
    const elsewhere = { ...around(), folder: join(folder, "below") };
    await mkdir(elsewhere.folder);
    await copyFile(join(folder, "ca.pem"), join(elsewhere.folder, "ca.pem"));
    const spec = withTls({ ca: "ca.pem" });
    expect(await wayIntoCluster(spec, elsewhere)).not.toBe(await wayIntoCluster(spec, around()));
  });

  it.each([
    [
      withSecret({ file: "gone" }),
      "the password is to lie in gone: there is no such file; mend the path; a relative one starts in the spec's folder",
    ],
    [withSecret({ file: "empty" }), "the password is to lie in empty, which is empty; write it into that file"],
    [
      withSecret({ env: "GONE" }),
      "the password is to be in the variable GONE, which is not set or empty; set it: `export GONE=...`",
    ],
    [
      withSecret({ env: "EMPTY" }),
      "the password is to be in the variable EMPTY, which is not set or empty; set it: `export EMPTY=...`",
    ],
    [
      withTls({ ca: "gone.pem" }),
      "`provider.tls.ca` is to lie in gone.pem: there is no such file; mend the path; a relative one starts in the spec's folder",
    ],
    [
      withTls({ ca: "keystore.jks" }),
      "`provider.tls.ca`: keystore.jks has no certificate in PEM; it needs the line `-----BEGIN CERTIFICATE-----`; a Java keystore is made PEM by `openssl pkcs12`",
    ],
    [
      withTls({ cert: "client.pem", key: "client.pem" }),
      "`provider.tls.key`: client.pem has no private key in PEM; it needs the line `-----BEGIN PRIVATE KEY-----`; a Java keystore is made PEM by `openssl pkcs12`",
    ],
  ])("is not there: %#", async (provider, why) => {
    expect(await faultOf(provider)).toBe(`secret-missing: ${why}`);
  });

  it("needs the key of its certificate", async () => {
    const fault = await faultOf(withTls({ cert: "client.pem", key: "server-key.pem" }));
    expect(fault).toMatch(/^secret-missing: the files of `provider\.tls` cannot be used: .*mismatch.*; see that `key`/);
  });
});

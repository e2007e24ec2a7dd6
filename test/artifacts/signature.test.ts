/** Signatures made by a real gpg with keys of every kind, as they would stand in Apache's KEYS. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fetchArtifact } from "../../src/artifacts/fetch.ts";
import { judge } from "../../src/artifacts/signature.ts";
import { apacheSource } from "../../src/artifacts/sources/apache.ts";
import { injectFault } from "../faults/fault.ts";
import { archiveOf, failures, hasty, kafka, recorded, web, type Archive } from "./support.ts";

/** Sockets of gpg's agent need a short path. */
let home: string;

function gpg(args: readonly string[], input?: Buffer | string): Buffer {
  const common = ["--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""];
  return execFileSync("gpg", [...common, ...args], { input, stdio: ["pipe", "pipe", "ignore"] });
}

function fingerprint(name: string): string {
  const list = gpg(["--with-colons", "--list-keys", `${name}@example.org`]).toString();
  return /^fpr:+([0-9A-F]+):/m.exec(list)?.[1] ?? "";
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kg-"));
  for (const name of ["alice", "bob", "revoked", "stranger"]) {
    gpg(["--quick-generate-key", `${name}@example.org`, "ed25519", "sign", "never"]);
  }
  // Born and died long ago: a signature of its time is good, its key is not any more.
  const past = ["--faked-system-time", "20200101T000000!"];
  gpg([...past, "--quick-generate-key", "expired@example.org", "ed25519", "sign", "2d"]);
});

afterAll(async () => {
  execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
  await rm(home, { recursive: true, force: true });
});

async function sign(archive: Archive, name: string, more: readonly string[] = []): Promise<string> {
  const path = join(home, "file");
  await writeFile(path, archive.bytes);
  const args = [
    "--yes",
    "--armor",
    "--local-user",
    fingerprint(name),
    "--output",
    `${path}.asc`,
    "--detach-sign",
    path,
  ];
  gpg([...more, ...args]);
  return await readFile(`${path}.asc`, "utf8");
}

function keysOf(...names: readonly string[]): string {
  const armoured = names.map((name) => gpg(["--armor", "--export", fingerprint(name)]).toString());
  return `This file has the keys of those who sign releases.\n\n${armoured.join("\n\n")}`;
}

/** What fetching from a site with this signature and these keys fails with; null where it does not. */
async function verdict(archive: Archive, signature: string, keys: string): Promise<string | null> {
  const site = await web((request, response) => {
    const path = request.url ?? "";
    if (path.endsWith(".sha512")) response.end(archive.sha512);
    else if (path.endsWith(".asc")) response.end(signature);
    else response.end(path === "/kafka/KEYS" ? keys : archive.bytes);
  });
  const { options, events } = await recorded({
    sources: [apacheSource({ name: "apache", base: site.url, patience: hasty })],
  });
  const got = await fetchArtifact(kafka, options).catch(() => null);
  expect(got === null).toBe(failures(events).length === 1);
  return failures(events)[0] ?? null;
}

describe("a file with the right digest", () => {
  injectFault(62, "the signer is the second of KEYS", async () => {
    const archive = await archiveOf(kafka);
    expect(await verdict(archive, await sign(archive, "bob"), keysOf("alice", "bob"))).toBeNull();
    return "the file is taken";
  });

  injectFault(61, "right digest, signed by somebody who is not in KEYS", async () => {
    const archive = await archiveOf(kafka);
    const why = await verdict(archive, await sign(archive, "stranger"), keysOf("alice", "bob"));
    expect(why).toBe("apache: the signature does not hold: its signer is not in KEYS");
    return 'refused: "its signer is not in KEYS"';
  });

  injectFault(61, "right digest, the signature is of another file, or a web page", async () => {
    const archive = await archiveOf(kafka);
    const other = await archiveOf(kafka);
    expect(await verdict(archive, await sign(other, "bob"), keysOf("bob"))).toMatch(
      /it is not a signature of this file/,
    );
    expect(await verdict(archive, "<html>", keysOf("bob"))).toMatch(/gpg finds no signature in it/);
    expect(await verdict(archive, await sign(archive, "bob"), "<html>")).toMatch(/its signer is not in KEYS/);
    return 'refused: "it is not a signature of this file", "gpg finds no signature in it"';
  });

  injectFault(61, "right digest, the signer's key has expired", async () => {
    const archive = await archiveOf(kafka);
    const signature = await sign(archive, "expired", ["--faked-system-time", "20200101T010000!"]);
    expect(await verdict(archive, signature, keysOf("alice", "expired"))).toMatch(/its signer's key has expired/);
    return `refused: "its signer's key has expired"`;
  });

  injectFault(61, "right digest, the signer's key was revoked", async () => {
    const archive = await archiveOf(kafka);
    const signature = await sign(archive, "revoked");
    // gpg keeps a revocation for each key that it makes, with a colon before it against accidents.
    const path = join(home, "openpgp-revocs.d", `${fingerprint("revoked")}.rev`);
    gpg(["--import"], (await readFile(path, "utf8")).replace(":-----BEGIN", "-----BEGIN"));
    expect(await verdict(archive, signature, keysOf("revoked"))).toMatch(/its signer's key was revoked/);
    return `refused: "its signer's key was revoked"`;
  });
});

test.each([
  ["[GNUPG:] GOODSIG A b\n[GNUPG:] VALIDSIG F", null],
  ["[GNUPG:] GOODSIG A b\n[GNUPG:] VALIDSIG F\n[GNUPG:] BADSIG A b", "it is not a signature of this file"],
  ["[GNUPG:] GOODSIG A b", "gpg finds no signature in it"],
  ["[GNUPG:] EXPSIG A b\n[GNUPG:] VALIDSIG F", "it has expired"],
  ["", "gpg finds no signature in it"],
  ["gpg: GOODSIG VALIDSIG", "gpg finds no signature in it"],
])("gpg's %j means %s", (status, why) => {
  expect(judge(status)).toBe(why);
});

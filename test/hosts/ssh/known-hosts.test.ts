/** known_hosts as ssh-keygen and people write it. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hostKeyAlgorithms, judgeHostKey } from "../../../src/hosts/ssh/known-hosts.ts";
import { makeKey } from "./sshd.ts";

let folder: string;
let ed: Key;
let other: Key;
let rsa: Key;

type Key = { readonly type: string; readonly base64: string };

async function keyOf(name: string, type: string): Promise<Key> {
  const [kind = "", base64 = ""] = (await makeKey(join(folder, name), type)).split(" ");
  return { type: kind, base64 };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kctl-known-"));
  [ed, other, rsa] = await Promise.all([keyOf("ed", "ed25519"), keyOf("other", "ed25519"), keyOf("rsa", "rsa")]);
});
afterAll(() => rm(folder, { recursive: true }));

const show = ({ type, base64 }: Key): string => `${type} ${base64}`;
const at = (host: string, port = 22, alias: string | null = null) => ({ host, port, alias });
const judged = (text: string, host: ReturnType<typeof at>, key: Key) =>
  judgeHostKey([{ path: "known_hosts", text }], host, key);

test("plain names, lists, wildcards, negation, ports and comments", () => {
  const text = `# a comment\n\nbroken line\nb1,B2.example.com,10.0.0.1 ${show(ed)} root@b1\n*.lan,!bad.lan ${show(ed)}\n[b3]:2222 ${show(ed)}\r\n`;
  for (const host of [at("b1"), at("b2.example.com"), at("B1"), at("10.0.0.1"), at("x.lan"), at("b3", 2222)]) {
    expect(judged(text, host, ed), JSON.stringify(host)).toEqual({ is: "known" });
  }
  for (const host of [at("b4"), at("bad.lan"), at("b3"), at("b1x"), at("xlan")]) {
    expect(judged(text, host, ed), JSON.stringify(host)).toEqual({ is: "unknown", others: [] });
  }
});

test("a key of another port's plain name is taken, a differing one there is not held against it", () => {
  expect(judged(`b1 ${show(ed)}\n`, at("b1", 2222), ed)).toEqual({ is: "known" });
  expect(judged(`b1 ${show(other)}\n`, at("b1", 2222), ed)).toEqual({ is: "unknown", others: [] });
});

test("names that ssh-keygen hashed", async () => {
  const file = join(folder, "hashed");
  await writeFile(file, `b1 ${show(ed)}\n[b2]:2222 ${show(ed)}\n`);
  execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
  const text = await readFile(file, "utf8");
  expect(text).toMatch(/^\|1\|/);
  expect(text).not.toContain("b1 ");
  expect(judged(text, at("b1"), ed)).toEqual({ is: "known" });
  expect(judged(text, at("b2", 2222), ed)).toEqual({ is: "known" });
  expect(judged(text, at("b3"), ed)).toEqual({ is: "unknown", others: [] });
});

test("a changed key names its line, and several keys may be known", () => {
  expect(judged(`x ${show(ed)}\nb1 ${show(other)}\n`, at("b1"), ed)).toEqual({ is: "changed", where: "known_hosts:2" });
  expect(judged(`b1 ${show(other)}\nb1 ${show(ed)}\n`, at("b1"), ed)).toEqual({ is: "known" });
});

test("a revoked key is revoked wherever else it is known", () => {
  const text = `b1 ${show(ed)}\n@revoked * ${show(ed)}\n`;
  expect(judged(text, at("b1"), ed)).toEqual({ is: "revoked", where: "known_hosts:2" });
  expect(judged(text, at("b1", 2222), ed)).toEqual({ is: "revoked", where: "known_hosts:2" });
});

test("the key of a certificate authority is no host's key", () => {
  expect(judged(`@cert-authority * ${show(ed)}\n`, at("b1"), ed)).toEqual({ is: "unknown", others: [] });
});

test("an alias is looked for as it is, whatever the port", () => {
  expect(judged(`bastion ${show(ed)}\n`, at("10.0.0.1", 2222, "Bastion"), ed)).toEqual({ is: "known" });
  expect(judged(`[10.0.0.1]:2222 ${show(ed)}\n`, at("10.0.0.1", 2222, "bastion"), ed).is).toBe("unknown");
});

test("a host that is known by one kind of key is asked for that kind first", () => {
  const files = [{ path: "known_hosts", text: `b1 ${show(rsa)}\n` }];
  expect(hostKeyAlgorithms(files, at("b1")).slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
  expect(hostKeyAlgorithms(files, at("b2"))[0]).toBe("ssh-ed25519");
  expect(judgeHostKey(files, at("b1"), ed)).toMatchObject({ is: "unknown", others: [{ type: "ssh-rsa" }] });
});

/** Where a spec and ~/.ssh/config lead: as `ssh ADDRESS` would go, where the spec says nothing else. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveTarget, type SshProvider } from "../../../src/hosts/ssh/target.ts";
import { faultOf } from "./reach.ts";

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kctl-ssh-config-"));
  await mkdir(join(home, ".ssh/more"), { recursive: true });
});
afterAll(() => rm(home, { recursive: true }));

type Asked = { readonly config?: string; readonly address?: string; readonly env?: Record<string, string> };

async function resolved(provider: SshProvider, { config = "", address = "b1", env = {} }: Asked = {}) {
  await writeFile(join(home, ".ssh/config"), config);
  const around = { env: { USER: "me", ...env }, home, folder: "/specs" };
  return resolveTarget({ node: "n1", address, provider }, around);
}

test("without a word from anybody", async () => {
  expect(await resolved({ port: 22 })).toMatchObject({
    node: "n1",
    host: "b1",
    port: 22,
    user: "me",
    jump: null,
    agent: null,
    hostKeyAlias: null,
    onlyKeyFiles: false,
  });
  const { keyFiles, knownHosts } = await resolved({});
  expect(keyFiles.map(({ path }) => path)).toEqual(
    ["id_ed25519", "id_ecdsa", "id_rsa"].map((id) => `${home}/.ssh/${id}`),
  );
  expect(knownHosts[0]).toBe(`${home}/.ssh/known_hosts`);
});

test("the configuration's words: the first one wins, whatever their case", async () => {
  const config = `# mine
Host other
  User nobody
Host b? !b9
  hostname %h.example.com
  USER admin
  Port 2222
  IdentityFile ~/.ssh/one
  IdentityFile %d/%r@%h
  IdentitiesOnly yes
  IdentityAgent "~/agent"
  UserKnownHostsFile ~/k1 ~/k2
  HostKeyAlias alias
  ConnectTimeout 3
  StrictHostKeyChecking no
Host *
  User late
  Port 1
`;
  expect(await resolved({}, { config })).toMatchObject({
    host: "b1.example.com",
    user: "admin",
    port: 2222,
    keyFiles: [
      { path: `${home}/.ssh/one`, named: false },
      { path: `${home}/admin@b1.example.com`, named: false },
    ],
    onlyKeyFiles: true,
    agent: `${home}/agent`,
    hostKeyAlias: "alias",
    connectSeconds: 3,
  });
  expect((await resolved({}, { config })).knownHosts.slice(0, 2)).toEqual([`${home}/k1`, `${home}/k2`]);
  expect(await resolved({}, { config, address: "b9" })).toMatchObject({ host: "b9", user: "late", port: 1 });
});

test("the spec's words over the configuration's", async () => {
  const config = "User admin\nPort 2222\nIdentityFile ~/one\nProxyJump hop\n";
  const provider = { user: "root", port: 2200, identityFile: "keys/two", knownHosts: "~/known", jump: "none" };
  expect(await resolved(provider, { config, env: { SSH_AUTH_SOCK: "/agent" } })).toMatchObject({
    user: "root",
    port: 2200,
    keyFiles: [
      { path: "/specs/keys/two", named: true },
      { path: `${home}/one`, named: false },
    ],
    knownHosts: [`${home}/known`],
    jump: null,
    agent: "/agent",
  });
});

test("a node whose host key and login keys are known otherwise: no file of known hosts, jump hosts as ever", async () => {
  await writeFile(join(home, ".ssh/config"), "IdentityFile ~/one\n");
  const node = { node: "n1", address: "b1", pinned: ["AAAA"], identityFiles: ["/keys/made", "keys/own"] };
  const around = { env: { USER: "me" }, home, folder: "/specs" };
  const target = await resolveTarget({ ...node, provider: { jump: "hop" } }, around);
  expect(target).toMatchObject({
    pinned: ["AAAA"],
    knownHosts: [],
    keyFiles: [
      { path: "/keys/made", named: true },
      { path: "/specs/keys/own", named: true },
      { path: `${home}/one`, named: false },
    ],
    jump: { node: "hop", pinned: null, keyFiles: [{ path: `${home}/one`, named: false }] },
  });
  expect(target.jump?.knownHosts[0]).toBe(`${home}/.ssh/known_hosts`);
});

test("Include and Match", async () => {
  await writeFile(join(home, ".ssh/more/a"), "Host b1\n  Port 2201\n");
  await writeFile(join(home, ".ssh/more/b"), "Host b1 b2\n  Port 2202\n  User included\n");
  const config =
    "Include more/*\nMatch user included\n  HostKeyAlias matched\nMatch host b2 exec true\n  HostKeyAlias never\n";
  expect(await resolved({}, { config })).toMatchObject({ port: 2201, user: "included", hostKeyAlias: "matched" });
  expect(await resolved({}, { config, address: "b2" })).toMatchObject({ port: 2202, hostKeyAlias: "matched" });
  expect(await resolved({}, { config, address: "b3" })).toMatchObject({ port: 22, hostKeyAlias: null });
});

test("jump hosts: several, each with its own words of the configuration", async () => {
  const config = "Host inner\n  HostName 10.0.0.9\n  User guard\nHost b1\n  ProxyJump outer:2222,inner\n";
  const wanted = {
    jump: {
      node: "inner",
      isJump: true,
      host: "10.0.0.9",
      user: "guard",
      jump: { host: "outer", port: 2222, user: "me", jump: null },
    },
  };
  expect(await resolved({}, { config })).toMatchObject(wanted);
  expect(await resolved({ jump: "root@[::1]:2200" }, { config })).toMatchObject({
    jump: { host: "::1", port: 2200, user: "root", jump: null },
  });
});

test.each([
  ["a circle", "Host b1\n ProxyJump a\nHost a\n ProxyJump c\nHost c\n ProxyJump a\n", {}],
  ["no host", "", { jump: "a:b@" }],
] as const)("jump hosts that lead nowhere: %s", async (_, config, provider) => {
  expect(await faultOf(resolved(provider, { config }))).toMatchObject({ code: "ssh-config-unusable" });
});

test.each([
  ["in a block", "Host b?\n  User x\n  ProxyCommand nc -X connect %h %p\n", 3],
  ["like another host's", "Host c1\n  ProxyCommand ssh -W %h:%p c\nHost b1\n  ProxyCommand ssh -W %h:%p d\n", 4],
  ["before a ProxyJump", "ProxyCommand=nc %h %p\nHost b1\n  ProxyJump a\n", 1],
])("a ProxyCommand is refused, with its line: %s", async (_, config, line) => {
  expect(await faultOf(resolved({}, { config }))).toMatchObject({
    code: "ssh-config-unusable",
    node: "n1",
    where: `${home}/.ssh/config:${line}`,
    what: "the configuration of ssh goes to b1 by a command (ProxyCommand), which kctl does not do",
  });
  // The spec says how to go there.
  expect(await resolved({ jump: "none" }, { config })).toMatchObject({ jump: null });
});

test.each([
  ["none", "Host b1\n  ProxyCommand none\nHost *\n  ProxyCommand nc %h %p\n", null],
  ["none, before a ProxyJump", "Host b1\n  ProxyCommand none\nHost b*\n  ProxyJump a\n", null],
  ["of other hosts", "Host c1\n  ProxyCommand nc %h %p\n", null],
  [
    "behind a ProxyJump, which counts then",
    "Host b1\n  ProxyJump a\nHost b*\n  ProxyCommand nc %h %p\n",
    { host: "a" },
  ],
])("a ProxyCommand that does not count: %s", async (_, config, jump) => {
  expect((await resolved({}, { config })).jump).toEqual(jump === null ? null : expect.objectContaining(jump));
});

test("a certificate is known with its line, in a file that is included too", async () => {
  await writeFile(join(home, ".ssh/more/certificate"), "Host b1\n  CertificateFile ~/.ssh/id-cert.pub\n");
  const { certificate } = await resolved({}, { config: "Include more/certificate\n" });
  expect(certificate).toBe(`${home}/.ssh/more/certificate:2`);
  await rm(join(home, ".ssh/more/certificate"));
  expect((await resolved({})).certificate).toBeNull();
});

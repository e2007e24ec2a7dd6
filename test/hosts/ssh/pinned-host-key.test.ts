/** Pinned host keys with real sshds: by kctl's own connection, and by the system's ssh with the arguments that kctl gives it. */
import { execFile, execFileSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sshArguments } from "../../../src/hosts/ssh/ssh-arguments.ts";
import { faultOf, never, open, reach, targetOf, trust } from "./reach.ts";
import { makeHome, makeKey, startSshd, type Sshd } from "./sshd.ts";

const run = promisify(execFile);
const atNobody = { env: { PATH: process.env["PATH"] ?? "" } };

let home: Awaited<ReturnType<typeof makeHome>>;
let sshd: Sshd;
let own: string;
let another: string;

const base64Of = (line: string): string => /ssh-ed25519 (\S+)/.exec(line)?.[1] ?? "";

const printOf = (file: string): string =>
  execFileSync("ssh-keygen", ["-lf", file], { encoding: "utf8" }).split(" ")[1] ?? "";

beforeAll(async () => {
  home = await makeHome();
  another = base64Of(await makeKey(join(home.path, "another"), "ed25519"));
  sshd = await startSshd({
    authorized: home.publicKey,
    hostKeys: ["ed25519", "ecdsa"],
    config: ["LogLevel DEBUG2", "MaxStartups 100"],
  });
  own = base64Of(sshd.known);
});
/** Known is what is wrong: nobody asks it. */
beforeEach(() => writeFile(join(home.path, ".ssh/known_hosts"), `[127.0.0.1]:${sshd.port} ssh-ed25519 ${another}\n`));
afterAll(async () => {
  await sshd.stop();
  await home[Symbol.asyncDispose]();
});

test("a pinned key is taken, one of several as well, whatever known_hosts says; nothing is written", async () => {
  const before = await readdir(join(home.path, ".ssh"));
  for (const pinned of [[own], [another, own]]) {
    using ssh = open();
    const { shell } = await reach(ssh, { home, port: sshd.port, pinned });
    expect((await shell.run("echo in", { signal: never })).stdout).toBe("in\n");
  }
  expect(await readdir(join(home.path, ".ssh"))).toEqual(before);
});

test("another key: both fingerprints, the tag, and nothing sent", async () => {
  const before = sshd.log().length;
  using ssh = open();
  const fault = await faultOf(reach(ssh, { home, port: sshd.port, pinned: [another] }));
  expect(fault).toMatchObject({ code: "host-key-changed", node: "n1", where: `127.0.0.1:${sshd.port}` });
  const shown = printOf(join(sshd.folder, "host_ed25519.pub"));
  const expected = printOf(join(home.path, "another.pub"));
  expect(fault.what).toBe(
    `n1 shows another host key than its own: ssh-ed25519 ${shown}, where ${expected} is expected (the machine's tag kctl:host-key)`,
  );
  expect(sshd.log().slice(before)).not.toMatch(/userauth-request|Postponed|Accepted|Failed/);
});

test("a host that has no ed25519 key is not the one", async () => {
  const ecdsa = await startSshd({ authorized: home.publicKey, hostKeys: ["ecdsa"] });
  using ssh = open();
  const fault = await faultOf(reach(ssh, { home, port: ecdsa.port, pinned: [own] }));
  expect(fault).toMatchObject({ code: "host-key-changed", node: "n1" });
  expect(fault.what).toContain("no ssh-ed25519 host key at all");
  await ecdsa.stop();
});

test("behind a jump host: that one is known by known_hosts", async () => {
  const jump = await startSshd({ authorized: home.publicKey });
  const provider = { jump: `root@127.0.0.1:${jump.port}` };
  const to = { home, port: sshd.port, provider, pinned: [own] };
  using ssh = open();
  expect(await faultOf(reach(ssh, to))).toMatchObject({ code: "host-key-unknown" });
  await trust(home, jump.known);
  using again = open();
  const { shell } = await reach(again, to);
  expect((await shell.run("echo in", { signal: never })).stdout).toBe("in\n");
  const proxy = sshArguments(await targetOf(to)).find((word) => word.startsWith("ProxyCommand="));
  expect(proxy).toContain(`'UserKnownHostsFile=${join(home.path, ".ssh/known_hosts")} `);
  expect(proxy).not.toContain("KnownHostsCommand");
  await jump.stop();
});

test.each([
  ["its key", () => [own], true],
  ["one of two", () => [another, own], true],
  ["another", () => [another], false],
  ["what is no key", () => [`${own} %h "`], false],
] as const)("the system's ssh, pinned: %s", async (_, pinned, lets) => {
  const to = { home, port: sshd.port, pinned: pinned(), identityFiles: [".ssh/id_ed25519"] };
  const login = sshArguments(await targetOf(to));
  const ssh = run("ssh", ["-F", "none", "-o", "BatchMode=yes", ...login, "echo", "in"], atNobody);
  if (lets) expect((await ssh).stdout).toBe("in\n");
  else await expect(ssh).rejects.toThrow(/Host key verification failed/);
});

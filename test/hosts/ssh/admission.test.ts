/** Who is let in, who is trusted, and who becomes root: every refusal of a real sshd, with the words for it. */
import { execFileSync, spawn } from "node:child_process";
import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { injectFault } from "../../faults/fault.ts";
import { faultOf, never, open, reach, trust } from "./reach.ts";
import { makeHome, makeKey, startProxy, startSshd, type Sshd } from "./sshd.ts";
import { freePort } from "../../free-ports.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let keys: string;
let sshd: Sshd;
let elsewhere: string;

/** Keys that the host takes, beside the user's own. */
const own = {
  encrypted: ["ed25519", "-N", "sesame"],
  pem: ["ecdsa", "-m", "PEM"],
  pkcs8: ["rsa", "-m", "PKCS8", "-b", "2048"],
  rsa: ["rsa", "-b", "2048"],
} as const;

const key = (name: keyof typeof own): string => join(elsewhere, name);

beforeAll(async () => {
  home = await makeHome();
  elsewhere = await mkdtemp(join(tmpdir(), "kctl-ssh-keys-"));
  const made = Object.entries(own).map(([name, [type, ...options]]) =>
    makeKey(join(elsewhere, name), type, ...options),
  );
  keys = [home.publicKey, ...(await Promise.all(made))].join("");
  sshd = await startSshd({ authorized: keys, hostKeys: ["ed25519", "ecdsa"], config: ["LogLevel DEBUG2"] });
});
beforeEach(() => writeFile(join(home.path, ".ssh/known_hosts"), sshd.known));
afterAll(async () => {
  await sshd.stop();
  await rm(elsewhere, { recursive: true });
  await home[Symbol.asyncDispose]();
});

const run = { signal: never };

test.each(["pem", "pkcs8", "rsa"] as const)("a key of the format %s", async (name) => {
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port, provider: { identityFile: key(name) } });
  expect((await shell.run("echo in", run)).stdout).toBe("in\n");
});

test("an encrypted key: asked for once for two hosts, anew after a slip", async () => {
  const answers = ["wrong", "sesame"];
  const asked: string[] = [];
  const ask = async (question: string): Promise<string> => {
    asked.push(question);
    return answers[asked.length - 1] ?? "";
  };
  using ssh = open({ ask });
  const to = { home, port: sshd.port, provider: { identityFile: key("encrypted") } };
  await Promise.all([reach(ssh, to), reach(ssh, to)]);
  expect(asked).toEqual([
    `Passphrase for ${key("encrypted")}: `,
    `That is not it. Passphrase for ${key("encrypted")}: `,
  ]);
});

test("an encrypted key without a terminal: a fault that says ssh-add, and with an agent it is used", async () => {
  using ssh = open();
  const to = { home, port: sshd.port, provider: { identityFile: key("encrypted") } };
  expect(await faultOf(reach(ssh, to))).toMatchObject({
    code: "ssh-key-unusable",
    node: "n1",
    fix: expect.stringContaining(`ssh-add ${key("encrypted")}`) as string,
  });
  const socket = join(elsewhere, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "pipe" });
  await new Promise((resolve) => agent.stdout.once("data", resolve));
  const env = {
    ...process.env,
    SSH_AUTH_SOCK: socket,
    SSH_ASKPASS_REQUIRE: "force",
    SSH_ASKPASS: join(elsewhere, "ask"),
  };
  await writeFile(join(elsewhere, "ask"), "#!/bin/sh\necho sesame\n", { mode: 0o700 });
  execFileSync("ssh-add", ["-q", key("encrypted")], { env, stdio: "ignore" });
  using again = open();
  const { shell } = await reach(again, { ...to, env: { SSH_AUTH_SOCK: socket } });
  expect((await shell.run("echo in", run)).stdout).toBe("in\n");
  agent.kill();
});

test("a key that others may read is refused, one that is not there as well", async () => {
  using ssh = open();
  const open644 = join(elsewhere, "open");
  await makeKey(open644, "ed25519");
  await chmod(open644, 0o644);
  const at = (identityFile: string) => faultOf(reach(ssh, { home, port: sshd.port, provider: { identityFile } }));
  expect(await at(open644)).toMatchObject({ code: "ssh-key-unusable", fix: `chmod 600 ${open644}` });
  expect(await at("nowhere")).toMatchObject({ code: "ssh-key-unusable", where: join(home.path, "nowhere") });
});

test("a user who is not let in: the keys that were tried", async () => {
  const strict = await startSshd({ authorized: "" });
  await trust(home, strict.known);
  using ssh = open();
  const fault = await faultOf(reach(ssh, { home, port: strict.port }));
  expect(fault).toMatchObject({ code: "ssh-auth-refused", node: "n1", where: `127.0.0.1:${strict.port}` });
  expect(fault.what).toContain(join(home.path, ".ssh/id_ed25519"));
  // Refused once, and not knocked at again.
  expect(strict.log().match(/Connection from/g)).toHaveLength(1);
  await strict.stop();
});

injectFault(34, "the host shows a key that nothing vouches for", async () => {
  await writeFile(join(home.path, ".ssh/known_hosts"), "");
  const before = sshd.log().length;
  using ssh = open();
  const fault = await faultOf(reach(ssh, { home, port: sshd.port }));
  const print = execFileSync("ssh-keygen", ["-lf", join(sshd.folder, "host_ed25519.pub")], { encoding: "utf8" });
  expect(fault).toMatchObject({ code: "host-key-unknown", node: "n1" });
  expect(fault.what).toContain(print.split(" ")[1]);
  expect(fault.fix).toContain(`ssh-keyscan -p ${sshd.port} -t ed25519 127.0.0.1 >> ${home.path}/.ssh/known_hosts`);
  // The line that it shows is the one that lets it in.
  await appendFile(join(home.path, ".ssh/known_hosts"), `${fault.detail}\n`);
  expect(sshd.log().slice(before)).not.toMatch(/userauth-request|Postponed|Accepted|Failed/);
  await reach(ssh, { home, port: sshd.port });
  expect(sshd.log().slice(before)).toContain("Accepted publickey");
  return "host-key-unknown with the fingerprint and the way out; sshd saw no attempt to log in.";
});

injectFault(35, "an address that known_hosts has another key for, or a revoked one", async () => {
  const other = (await makeKey(join(elsewhere, `other${sshd.port}`), "ed25519")).trim();
  const file = join(home.path, ".ssh/known_hosts");
  await writeFile(file, `# first\n[127.0.0.1]:${sshd.port} ${other}\n`);
  const before = sshd.log().length;
  using ssh = open();
  expect(await faultOf(reach(ssh, { home, port: sshd.port }))).toMatchObject({
    code: "host-key-changed",
    where: `${file}:2`,
    fix: expect.stringContaining(`ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${file}`) as string,
  });
  await writeFile(file, `${sshd.known}@revoked * ${sshd.known.split("\n")[0]?.split(" ").slice(1).join(" ")}\n`);
  const revoked = await faultOf(reach(ssh, { home, port: sshd.port }));
  expect(revoked.what).toContain("is revoked");
  expect(sshd.log().slice(before)).not.toMatch(/userauth-request|Accepted/);
  return "host-key-changed names file and line, and how the old key is taken out; sshd saw no attempt to log in.";
});

test("a host that is known by its second kind of key only", async () => {
  await writeFile(join(home.path, ".ssh/known_hosts"), `${sshd.known.split("\n")[1]}\n`);
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  expect((await shell.run("echo in", run)).stdout).toBe("in\n");
});

injectFault(37, "the port is open and no banner comes, or something else than SSH answers", async () => {
  const proxy = await startProxy(sshd.port);
  await appendFile(join(home.path, ".ssh/config"), "ConnectTimeout 1\n");
  using ssh = open();
  proxy.stall();
  const silent = await faultOf(reach(ssh, { home, port: proxy.port }));
  expect(silent).toMatchObject({ code: "ssh-unreachable", node: "n1" });
  expect(silent.what).toContain("no SSH banner came within 1 s");
  proxy.cut();
  proxy.answer("HTTP/1.1 400 Bad Request\r\n\r\n");
  expect((await faultOf(reach(ssh, { home, port: proxy.port }))).what).toContain(
    'it answers "HTTP/1.1 400 Bad Request"',
  );
  await proxy.stop();
  await rm(join(home.path, ".ssh/config"));
  return "ssh-unreachable says which of the two.";
});

test("refused, and a name that does not resolve", async () => {
  using ssh = open();
  const refused = await faultOf(reach(ssh, { home, port: await freePort() }));
  expect(refused).toMatchObject({ code: "ssh-unreachable" });
  expect(refused.what).toContain("connection refused");
  await writeFile(join(home.path, ".ssh/config"), "HostName no-such-host.invalid\n");
  const nameless = await faultOf(reach(ssh, { home, port: sshd.port }));
  expect(nameless.what).toMatch(/name (does not resolve|could not be looked up)/);
  await rm(join(home.path, ".ssh/config"));
});

injectFault(38, "a machine that boots: nobody listens, then logins are refused, then taken", async () => {
  const port = await freePort();
  using ssh = open();
  const coming = reach(ssh, { home, port }, 30);
  const booting = await startSshd({ authorized: "", port });
  await trust(home, booting.known);
  while (!booting.log().includes("authenticating user")) await delay(20);
  await writeFile(join(booting.folder, "authorized"), home.publicKey);
  expect((await (await coming).shell.run("echo up", run)).stdout).toBe("up\n");
  await booting.stop();
  return "Who waits for the boot connects once the login is taken; nobody else tries again.";
});

injectFault(40, "an sshd that turns away who came too often", async () => {
  const proxy = await startProxy(sshd.port);
  await trust(home, sshd.known.replaceAll(`:${sshd.port}`, `:${proxy.port}`));
  using ssh = open();
  proxy.answer("Not allowed at this time\r\n");
  const coming = reach(ssh, { home, port: proxy.port });
  while (proxy.connections() < 3) await delay(10);
  proxy.answer(null);
  await coming;
  proxy.answer("Not allowed at this time\r\n");
  using other = open();
  const before = proxy.connections();
  const fault = await faultOf(reach(other, { home, port: proxy.port }));
  expect(fault).toMatchObject({
    code: "ssh-unreachable",
    fix: expect.stringContaining("PerSourcePenalties") as string,
  });
  // 3 s with pauses of 50, 100, 200, then 400 ms.
  expect(proxy.connections() - before).toBeLessThan(13);
  await proxy.stop();
  return "The pauses grow; once it takes connections again, kctl is in; if it does not, ssh-unreachable names the setting.";
});

injectFault(44, "sudo asks for a password, wants a terminal, does not know the user, or is not there", async () => {
  const said = {
    "sudo asks for a password": "sudo: a password is required",
    "sudo wants a terminal": "sudo: sorry, you must have a tty to run sudo",
    "sudo does not allow it": "admin is not in the sudoers file.",
  };
  const user = `kctl-t${process.pid}`;
  execFileSync("useradd", ["-m", "-s", "/bin/bash", "-p", "*", user]);
  try {
    const folder = await mkdtemp(join(tmpdir(), "kctl-sudo-"));
    await chmod(folder, 0o755);
    const host = await startSshd({ authorized: home.publicKey, config: [`SetEnv PATH=${folder}:/usr/bin:/bin`] });
    await chmod(host.folder, 0o755);
    await trust(home, host.known);
    using ssh = open();
    const { shell } = await reach(ssh, { home, port: host.port, provider: { user } });
    for (const [why, text] of Object.entries(said)) {
      await writeFile(join(folder, "sudo"), `#!/bin/sh\necho '${text}' >&2\nexit 1\n`, { mode: 0o755 });
      const fault = await faultOf(shell.run("id -u", run));
      expect(fault).toMatchObject({ code: "sudo-refused", node: "n1", detail: text });
      expect(fault.what).toContain(why);
    }
    await writeFile(join(folder, "sudo"), '#!/bin/sh\nshift 2\nexec "$@"\n', { mode: 0o755 });
    expect((await shell.run("id -un; echo ok", run)).stdout).toBe(`${user}\nok\n`);
    await rm(join(folder, "sudo"));
    using another = open();
    const without = await reach(another, { home, port: host.port, provider: { user } });
    const gone = await faultOf(without.shell.run("true", run));
    expect(["sudo-refused"]).toContain(gone.code);
    await host.stop();
    await rm(folder, { recursive: true });
  } finally {
    execFileSync("userdel", ["-r", "-f", user], { stdio: "ignore" });
  }
  return "sudo-refused says which of these, with what sudo said and the line for sudoers.";
});

test("through two jump hosts, each of them verified, and one connection to them for all", async () => {
  const [outer, inner] = await Promise.all([startSshd({ authorized: keys }), startSshd({ authorized: keys })]);
  const jump = `root@127.0.0.1:${outer.port}`;
  using unknown = open();
  const to = { home, port: inner.port, provider: { jump } };
  await trust(home, inner.known);
  expect(await faultOf(reach(unknown, to))).toMatchObject({ code: "host-key-unknown" });
  await trust(home, outer.known);
  using ssh = open();
  const all = await Promise.all([reach(ssh, to), reach(ssh, { ...to, port: sshd.port })]);
  const said = await Promise.all(all.map(({ shell }) => shell.run("echo through", run)));
  expect(said.map(({ stdout }) => stdout)).toEqual(["through\n", "through\n"]);
  expect(outer.log().match(/Accepted publickey/g)).toHaveLength(1);
  expect(await readFile(join(home.path, ".ssh/known_hosts"), "utf8")).toContain(outer.known);
  await inner.stop();
  expect(await faultOf(reach(ssh, to))).toMatchObject({ code: "ssh-unreachable", node: "n1" });
  await outer.stop();
});

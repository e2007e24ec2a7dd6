/**
 * Answers SSH in the place of the instances of a simulated EC2: one process for all of their addresses. Each shows the host key that its
 * user-data gave, lets in the key of EC2's key pair, and runs scripts in a root of its own, an overlay on the lab's Debian. Nothing boots
 * there: what needs systemd fails. Run inside the lab: `node stand-in.ts FOLDER LAYER:LAYER`.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import ssh2, { type Connection } from "ssh2";
import { parse } from "yaml";
import type { Ec2Call, Ec2Instance } from "../../test/lab/ec2/ec2.ts";

const [folder = "", layers = ""] = process.argv.slice(2);
const { Server, utils } = ssh2;
const roots = join(folder, "stand-ins");

function calls(): readonly Ec2Call[] {
  const text = readFileSync(join(folder, "ec2-calls.jsonl"), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Ec2Call);
}

function instanceAt(address: string): Ec2Instance | undefined {
  const all = JSON.parse(readFileSync(join(folder, "ec2-instances.json"), "utf8")) as readonly Ec2Instance[];
  return all.find(({ publicAddress, state }) => publicAddress === address && state === "running");
}

/** The private half that the launch of that name gave. */
function hostKeyOf(name: string): string {
  const launch = calls().findLast(
    ({ action, status, params }) =>
      action === "RunInstances" &&
      status === 200 &&
      Object.values(params).includes(name) &&
      params["DryRun"] !== "true",
  );
  const text = Buffer.from(launch?.params["UserData"] ?? "", "base64").toString();
  const data = parse(text) as { readonly ssh_keys: { readonly ed25519_private: string } };
  return data.ssh_keys.ed25519_private;
}

/** What the key pairs of the account let in, as they are sent in a login. */
function loginKeys(): readonly Buffer[] {
  return calls().flatMap(({ action, params }) => {
    if (action !== "ImportKeyPair") return [];
    const key = utils.parseKey(Buffer.from(params["PublicKeyMaterial"] ?? "", "base64"));
    return key instanceof Error ? [] : [key.getPublicSSH()];
  });
}

/** Its root, and its host keys in there: those of its first boot. */
function makeRoot(id: string, hostKey: string): string {
  const own = join(roots, id);
  const root = join(own, "root");
  for (const name of ["upper", "work", "root"]) mkdirSync(join(own, name), { recursive: true });
  const options = `lowerdir=${layers},upperdir=${join(own, "upper")},workdir=${join(own, "work")}`;
  execFileSync("mount", ["-t", "overlay", "-o", options, "overlay", root]);
  execFileSync("mount", ["-t", "proc", "proc", join(root, "proc")]);
  execFileSync("mount", ["--rbind", "/dev", join(root, "dev")]);
  // There is no sshd to be told of its new key: the next connection reads it.
  rmSync(join(root, "usr/bin/systemctl"), { force: true });
  writeFileSync(join(root, "usr/bin/systemctl"), '#!/bin/sh\n[ "$1" = reload ]\n', { mode: 0o755 });
  const key = "/etc/ssh/ssh_host_ed25519_key";
  execFileSync(
    "chroot",
    [root, "sh", "-ec", `mkdir -p /etc/ssh; umask 077; cat >${key}; ssh-keygen -y -f ${key} >${key}.pub`],
    {
      input: hostKey,
    },
  );
  return root;
}

/** Those that have a root by now. */
const made = new Map<string, string>();

function rootOf({ id, name }: Ec2Instance): string {
  const root = made.get(id) ?? makeRoot(id, hostKeyOf(name));
  made.set(id, root);
  return root;
}

/** A server for each connection: one that begins after the host key was replaced is shown the new one. */
function serverFor(root: string): InstanceType<typeof Server> {
  const hostKey = readFileSync(join(root, "etc/ssh/ssh_host_ed25519_key"));
  return new Server({ hostKeys: [hostKey] }, (client) => serve(client, root));
}

function serve(client: Connection, root: string): void {
  client.on("authentication", (context) => {
    const isOurs = context.method === "publickey" && loginKeys().some((key) => key.equals(context.key.data));
    if (isOurs) context.accept();
    else context.reject(["publickey"]);
  });
  client.on("session", (accept) => {
    const session = accept();
    session.on("exec", (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      const child = spawn("chroot", [root, "sh", "-c", command], { stdio: "pipe" });
      channel.pipe(child.stdin);
      child.stdin.on("error", () => undefined);
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on("close", (code) => {
        channel.exit(code ?? 1);
        channel.end();
      });
    });
  });
  client.on("error", () => undefined);
}

function answer(socket: Socket): void {
  const instance = instanceAt(socket.localAddress ?? "");
  if (instance === undefined) {
    socket.destroy();
    return;
  }
  socket.on("error", () => undefined);
  serverFor(rootOf(instance)).injectSocket(socket);
}

execFileSync("ip", ["route", "replace", "local", "198.51.100.0/24", "dev", "lo"]);
createServer(answer).listen(22, "0.0.0.0", () => process.stdout.write("ready\n"));

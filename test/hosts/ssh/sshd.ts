/** Real sshds on loopback for tests, each with its own keys and configuration, and what a user's home has to reach them. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../free-ports.ts";

const program = "/usr/sbin/sshd";

export type Sshd = {
  readonly port: number;
  readonly folder: string;
  /** A line of known_hosts for it. */
  readonly known: string;
  /** What sshd has logged so far. */
  log(): string;
  stop(): Promise<void>;
};

export type Home = { readonly path: string; readonly publicKey: string };

/** Removed by `stop`; with a key, and nothing known. */
export async function makeHome(): Promise<Home & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "kctl-ssh-home-"));
  await mkdir(join(path, ".ssh"), { mode: 0o700 });
  const publicKey = await makeKey(join(path, ".ssh/id_ed25519"), "ed25519");
  return { path, publicKey, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** @returns the public key's line */
export async function makeKey(path: string, type: string, ...options: readonly string[]): Promise<string> {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-f", path, ...(options.includes("-N") ? [] : ["-N", ""]), ...options]);
  return readFile(`${path}.pub`, "utf8");
}

function install(): void {
  if (existsSync(program)) return;
  execFileSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
  execFileSync("apt-get", ["install", "-qq", "-y", "openssh-server"], {
    stdio: "ignore",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

type Setting = {
  readonly authorized: string;
  readonly port?: number;
  /** Lines of sshd_config. */
  readonly config?: readonly string[];
  readonly hostKeys?: readonly string[];
};

export async function startSshd({ authorized, port, config = [], hostKeys = ["ed25519"] }: Setting): Promise<Sshd> {
  install();
  await mkdir("/run/sshd", { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), "kctl-sshd-"));
  const own = port ?? (await freePort());
  const keys = await Promise.all(hostKeys.map((type) => makeKey(join(folder, `host_${type}`), type)));
  await writeFile(join(folder, "authorized"), authorized);
  const lines = [
    ...config,
    `Port ${own}`,
    "ListenAddress 127.0.0.1",
    ...hostKeys.map((type) => `HostKey ${join(folder, `host_${type}`)}`),
    `AuthorizedKeysFile ${join(folder, "authorized")}`,
    "PermitRootLogin prohibit-password",
    "StrictModes no",
    "PasswordAuthentication no",
    "UsePAM no",
    "PidFile none",
    "LogLevel VERBOSE",
    // root's own login scripts may do anything, and take their time.
    `SetEnv HOME=${folder}`,
  ];
  await writeFile(join(folder, "config"), `${lines.join("\n")}\n`);
  const child = spawn(program, ["-D", "-e", "-f", join(folder, "config")], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
  // Where a test fails before it stops it.
  process.once("exit", () => child.kill());
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  while (!log.includes(`listening on 127.0.0.1 port ${own}`)) {
    if (child.exitCode !== null) throw new Error(`sshd did not start: ${log}`);
    await delay(10);
  }
  return {
    port: own,
    folder,
    known: keys.map((key) => `[127.0.0.1]:${own} ${key}`).join(""),
    log: () => log,
    stop: async () => {
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Proxy = {
  readonly port: number;
  /** Bytes no longer pass, but no connection ends. */
  stall(): void;
  /** What sshd says now comes all together, once it has been quiet for so long. */
  together(milliseconds: number): void;
  /** Every connection ends at once. */
  cut(): void;
  /** Says this to whoever connects, and closes; null: passes them on again. */
  answer(text: string | null): void;
  readonly connections: () => number;
  stop(): Promise<void>;
};

/** Between kctl and an sshd. */
export async function startProxy(target: number): Promise<Proxy> {
  let stalled = false;
  let answer: string | null = null;
  let connections = 0;
  const open = new Set<{ destroy(): void; pause(): void }>();
  const pairs: { readonly near: Socket; readonly far: Socket }[] = [];
  const server = createServer((near) => {
    connections += 1;
    near.on("error", () => near.destroy());
    open.add(near);
    if (answer !== null) {
      near.end(answer);
      return;
    }
    if (stalled) return;
    const far = connect(target, "127.0.0.1");
    open.add(far);
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
    pairs.push({ near, far });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stall: () => {
      stalled = true;
      for (const socket of open) {
        (socket as unknown as { unpipe(): void }).unpipe();
        socket.pause();
      }
    },
    together: (milliseconds) => {
      for (const { near, far } of pairs) {
        let said = Buffer.alloc(0);
        let timer: NodeJS.Timeout | undefined;
        far.unpipe(near).on("data", (chunk: Buffer) => {
          said = Buffer.concat([said, chunk]);
          clearTimeout(timer);
          timer = setTimeout(() => {
            near.write(said);
            said = Buffer.alloc(0);
          }, milliseconds);
        });
        far.resume();
      }
    },
    cut: () => {
      for (const socket of open) socket.destroy();
      open.clear();
      stalled = false;
    },
    answer: (text) => (answer = text),
    connections: () => connections,
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

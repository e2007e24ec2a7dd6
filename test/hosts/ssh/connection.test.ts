/** Scripts over a real sshd: what comes back, what runs side by side, and what a broken or silent connection does. */
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { injectFault } from "../../faults/fault.ts";
import { faultOf, never, open, reach, trust } from "./reach.ts";
import { makeHome, startProxy, startSshd, type Sshd } from "./sshd.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let sshd: Sshd;

beforeAll(async () => {
  home = await makeHome();
  sshd = await startSshd({ authorized: home.publicKey, config: ["MaxStartups 100"] });
  await trust(home, sshd.known);
});
afterAll(async () => {
  await sshd.stop();
  await home[Symbol.asyncDispose]();
});

const run = { signal: never };

test("a script's output, its exit status and a signal that ended it", async () => {
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  expect(shell.node).toBe("n1");
  expect(await shell.run("id -u; echo wrong >&2; exit 3", run)).toEqual({ code: 3, stdout: "0\n", stderr: "wrong\n" });
  expect(await shell.run("true", run)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect((await shell.run("kill -9 $$", run)).code).toBeNull();
  expect((await shell.run("cat <<'END'\n$x 'y'\nEND", run)).stdout).toBe("$x 'y'\n");
  expect((await shell.run("cat; echo read nothing", run)).stdout).toBe("read nothing\n");
});

const sessions = (at: Sshd): number => at.log().match(/^Starting session: /gm)?.length ?? 0;

test("scripts one after the other share a shell, and nothing else", async () => {
  const own = await startSshd({ authorized: home.publicKey });
  await trust(home, own.known);
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: own.port });
  expect(await shell.run("cd /; left=over; set -- a b; exec 7</dev/null; exit 9", run)).toMatchObject({ code: 9 });
  const look = 'printf %s "$left" "$#"; [ "$(pwd)" != / ] && [ ! -e /dev/fd/7 ] && echo " nothing"; echo wrong >&2';
  expect(await shell.run(look, run)).toEqual({ code: 0, stdout: "0 nothing\n", stderr: "wrong\n" });
  expect(await shell.run("printf kctl-end-; printf k >&2", run)).toEqual({ code: 0, stdout: "kctl-end-", stderr: "k" });
  expect(sessions(own)).toBe(1);
  await Promise.all([shell.run("sleep 0.1", run), shell.run("sleep 0.1", run)]);
  expect(await shell.run("cat", { ...run, input: Buffer.from("given") })).toMatchObject({ stdout: "given" });
  expect(sessions(own)).toBe(3);
  await own.stop();
});

test("a script that cannot be read, and one that ends its shell: the next has another", async () => {
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  for (const text of ["echo begun; fi", "echo begun; )", `echo "it`, "echo it's", "echo $(date", "cat <<end\nno end"]) {
    const unread = await shell.run(text, run);
    expect([text, unread.stdout.includes("begun")]).toEqual([text, false]);
  }
  expect((await shell.run("echo begun; fi", run)).code).toBe(2);
  expect((await shell.run("echo begun; fi", run)).stderr).toContain("yntax error");
  expect(await shell.run("echo again", run)).toMatchObject({ stdout: "again\n" });
  const { stdout: pid } = await shell.run("echo $$", run);
  process.kill(Number(pid), "SIGKILL");
  expect(await shell.run("echo on", run)).toMatchObject({ stdout: "on\n" });
});

test("no shell is left once the connection ends", async () => {
  const ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  const pids = await Promise.all([shell.run("sleep 0.1; echo $$", run), shell.run("sleep 0.1; echo $$", run)]);
  ssh.close();
  const folders = pids.map(({ stdout }) => `/proc/${stdout.trim()}`);
  expect(new Set(folders).size).toBe(2);
  while (folders.some((folder) => existsSync(folder))) await delay(10);
  expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
});

test("what a script leaves running keeps nobody waiting, and its words are no exit status", async () => {
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  const { stdout, code } = await shell.run("(while :; do echo late; done) & echo $!", run);
  expect(code).toBe(0);
  const [pid = ""] = /^\d+$/m.exec(stdout) ?? [];
  expect(await shell.run(`kill ${pid}; echo mine`, run)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("mine\n") as string,
  });
});

test("where sshd has few sessions, an upload and an interruption find one", async () => {
  const narrow = await startSshd({ authorized: home.publicKey, config: ["MaxSessions 2"] });
  await trust(home, narrow.known);
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: narrow.port });
  await Promise.all([shell.run("sleep 0.2", run), shell.run("sleep 0.2", run)]);
  expect(await shell.run("cat", { ...run, input: Buffer.from("given") })).toMatchObject({ stdout: "given" });
  await Promise.all([shell.run("sleep 0.2", run), shell.run("sleep 0.2", run)]);
  const stop = new AbortController();
  const mark = String(1e8 + randomInt(1e8));
  const going = shell.run(`echo going; sleep ${mark}`, {
    signal: stop.signal,
    onStdout: () => stop.abort(new Error("enough")),
  });
  await expect(going).rejects.toThrow("enough");
  const sleeping = async (): Promise<string> =>
    (await shell.run(`ps -eo args | grep -c '[s]leep ${mark}'`, run)).stdout;
  await expect.poll(sleeping).toBe("0\n");
  // When a script goes out is told once it does, not once it waits for its turn: clocks are compared by that.
  let under = 0;
  let most = 0;
  const one = async (): Promise<void> => {
    await shell.run("sleep 0.2", { ...run, onSent: () => (most = Math.max(most, (under += 1))) });
    under -= 1;
  };
  await Promise.all([one(), one(), one()]);
  // Or one: sshd may still have counted the session that was interrupted.
  expect([1, 2]).toContain(most);
  expect(under).toBe(0);
  await narrow.stop();
});

test("a command that has ended before kctl hears that it began", async () => {
  const ending = await startSshd({ authorized: home.publicKey, config: ["ForceCommand echo no >&2; exit 7"] });
  const proxy = await startProxy(ending.port);
  await trust(home, ending.known.replace(`:${ending.port}`, `:${proxy.port}`));
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: proxy.port });
  proxy.together(300);
  expect(await faultOf(shell.run("true", run))).toMatchObject({ code: "ssh-auth-refused", detail: "no" });
  await proxy.stop();
  await ending.stop();
});

test("input for a program in the script, from memory and as a stream", async () => {
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  expect((await shell.run("tr a-z A-Z", { ...run, input: Buffer.from("it's") })).stdout).toBe("IT'S");
  const input = Readable.from([Buffer.alloc(3_000_000, "x"), Buffer.from("end")]);
  expect((await shell.run("wc -c", { ...run, input })).stdout.trim()).toBe("3000003");
});

test("nothing of a script is in a process list", async () => {
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  const { stdout } = await shell.run("secret=sesame; ps -eo args", run);
  expect(stdout).toContain("sh -s");
  expect(stdout).not.toContain("sesame");
});

test("thirty scripts at once on one connection, and two hosts side by side", async () => {
  const proxy = await startProxy(sshd.port);
  await trust(home, sshd.known.replace(`:${sshd.port}`, `:${proxy.port}`));
  using ssh = open();
  const [one, two] = await Promise.all([reach(ssh, { home, port: proxy.port }), reach(ssh, { home, port: sshd.port })]);
  const all = [one, two].flatMap(({ shell }) =>
    Array.from({ length: 30 }, (_, index) => shell.run(`echo ${index}`, run)),
  );
  const answers = (await Promise.all(all)).map(({ stdout }) => Number(stdout));
  expect(answers).toEqual([...Array.from({ length: 30 }).keys(), ...Array.from({ length: 30 }).keys()]);
  expect(proxy.connections()).toBe(1);
  await proxy.stop();
});

test("a port of the host's own, through the connection", async () => {
  const server = createServer((socket) => socket.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  using ssh = open();
  const host = await reach(ssh, { home, port: sshd.port });
  const { port } = server.address() as AddressInfo;
  expect(await text(await host.dial(port, never))).toBe("hello");
  server.close();
  await expect(host.dial(port, never)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("an sshd that lets nothing through to the host's own ports", async () => {
  const strict = await startSshd({ authorized: home.publicKey, config: ["AllowTcpForwarding no"] });
  await trust(home, strict.known);
  using ssh = open();
  const host = await reach(ssh, { home, port: strict.port });
  const fault = await faultOf(host.dial(9092, never));
  expect(fault).toMatchObject({ code: "ssh-forwarding-refused", node: "n1" });
  expect(fault.what).toContain("port 9092");
  expect(fault.fix).toContain("AllowTcpForwarding local");
  expect((await host.shell.run("echo still here", run)).stdout).toBe("still here\n");
  await strict.stop();
});

test("an abort ends the process there and rejects with its reason", async () => {
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  const stop = new AbortController();
  const mark = `987${sshd.port}`;
  const going = shell.run(`echo going; sleep ${mark}`, {
    signal: stop.signal,
    onStdout: () => stop.abort(new Error("enough")),
  });
  await expect(going).rejects.toThrow("enough");
  const sleeping = async () => (await shell.run(`ps -eo args | grep -c '[s]leep ${mark}'`, run)).stdout.trim();
  while ((await sleeping()) !== "0") await delay(20);
  expect(await sleeping()).toBe("0");
});

injectFault(46, "100 MB of output where a few lines are expected, and bytes that are no UTF-8", async () => {
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: sshd.port });
  expect(await faultOf(shell.run("head -c 100000000 /dev/zero", run))).toMatchObject({ code: "ssh-output-too-long" });
  expect((await shell.run(String.raw`printf 'a\377\303\251\303'`, run)).stdout).toBe("a\uFFFDé\uFFFD");
  let bytes = 0;
  const { code } = await shell.run("head -c 40000000 /dev/zero", {
    ...run,
    onStdout: (chunk) => (bytes += chunk.length),
  });
  expect([code, bytes]).toEqual([0, 40_000_000]);
  return "The run ends with ssh-output-too-long and the connection is used on; wrong bytes are replaced; who follows the output gets all of it.";
});

injectFault(42, "the host goes silent in the middle of a command", async () => {
  const proxy = await startProxy(sshd.port);
  await trust(home, sshd.known.replace(`:${sshd.port}`, `:${proxy.port}`));
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: proxy.port });
  const going = faultOf(shell.run("echo going; sleep 60", { ...run, onStdout: () => proxy.stall() }));
  expect(await going).toMatchObject({ code: "ssh-lost", node: "n1" });
  expect((await going).what).toContain("does not answer any more");
  proxy.cut();
  expect((await shell.run("echo again", run)).stdout).toBe("again\n");
  await proxy.stop();
  return "The keepalive notices, the command fails with ssh-lost, and the next one connects anew.";
});

injectFault(43, "the connection is cut while a script and its input are sent", async () => {
  const proxy = await startProxy(sshd.port);
  await trust(home, sshd.known.replace(`:${sshd.port}`, `:${proxy.port}`));
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: proxy.port });
  const input = Readable.from(
    (async function* upload() {
      for (let tenth = 0; tenth < 10; tenth++) {
        yield Buffer.alloc(100_000);
        if (tenth === 5) proxy.cut();
        await delay(10);
      }
    })(),
  );
  expect(await faultOf(shell.run("cat > /dev/null", { ...run, input }))).toMatchObject({ code: "ssh-lost" });
  expect((await shell.run("echo again", run)).stdout).toBe("again\n");
  expect(proxy.connections()).toBe(2);
  await proxy.stop();
  return "The command fails with ssh-lost; the next one connects anew, once.";
});

injectFault(41, "sshd opens one session at a time (MaxSessions 1, MaxStartups 1)", async () => {
  const narrow = await startSshd({ authorized: home.publicKey, config: ["MaxSessions 1", "MaxStartups 1:100:1"] });
  await trust(home, narrow.known);
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: narrow.port });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => shell.run(`echo ${index}`, run)));
  expect(answers.map(({ stdout }) => Number(stdout))).toEqual([...Array.from({ length: 12 }).keys()]);
  await narrow.stop();
  return "Twelve commands at once wait for each other, and all are done.";
});

injectFault(45, "login scripts that print a lot on both outputs", async () => {
  const noisy = await startSshd({ authorized: home.publicKey });
  await writeFile(join(noisy.folder, ".bashrc"), "seq 1 50000; echo noise >&2\n");
  await trust(home, noisy.known);
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: noisy.port });
  expect(await shell.run("echo clean", run)).toEqual({ code: 0, stdout: "clean\n", stderr: "noise\n" });
  await noisy.stop();
  return "What is printed before the script begins is dropped from its output.";
});

test("sshd is gone, and back: the next command connects anew", async () => {
  const first = await startSshd({ authorized: home.publicKey });
  const proxy = await startProxy(first.port);
  await trust(home, first.known.replace(`:${first.port}`, `:${proxy.port}`));
  using ssh = open();
  const { shell } = await reach(ssh, { home, port: proxy.port });
  proxy.cut();
  proxy.answer("");
  expect(await faultOf(shell.run("true", run))).toMatchObject({
    code: "ssh-unreachable",
    fix: expect.stringMatching(/^kctl reached it a moment ago: if it reboots, wait until it is up/u) as unknown,
  });
  proxy.answer(null);
  const both = await Promise.all([shell.run("echo 1", run), shell.run("echo 2", run)]);
  expect(both.map(({ stdout }) => stdout)).toEqual(["1\n", "2\n"]);
  await proxy.stop();
  await first.stop();
});

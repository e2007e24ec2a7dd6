import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { darwinPorts, parseLsof } from "../../../src/hosts/local/darwin-ports.ts";
import { linuxPorts, parseListeners } from "../../../src/hosts/local/linux-ports.ts";
import { thisMachine } from "../../../src/hosts/local/machine.ts";
import { programName } from "../../../src/hosts/program-name.ts";
import { testFolder } from "./support.ts";

const onLinux = process.platform === "linux";
const hasCompiler = spawnSync("javac", ["-version"]).status === 0;

/** Listens in this process; gives the port, which the system chose. */
async function listen(options: { host: string; ipv6Only?: boolean }): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen({ port: 0, ...options });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

describe("who keeps a server from 127.0.0.1", () => {
  test.each(["127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"])("a listener on %s", async (host) => {
    const port = await listen({ host });
    const holders = await thisMachine().holders([port, 1]);
    expect([...holders]).toEqual([[port, { pid: process.pid, command: "node" }]]);
  });

  test.runIf(onLinux).each(["127.0.0.2", "::1"])("not one on %s", async (host) => {
    const port = await listen({ host });
    expect((await thisMachine().holders([port])).size).toBe(0);
  });

  test("nor a connection that uses the port on its own side", async () => {
    const port = await listen({ host: "127.0.0.1" });
    const socket = connect({ port, host: "127.0.0.1" });
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    expect((await thisMachine().holders([socket.localPort ?? 0])).size).toBe(0);
  });

  test.runIf(hasCompiler)(
    "a java program is named by its class; its arguments and class path are not shown",
    async () => {
      const folder = testFolder();
      const source = join(folder, "Holder.java");
      writeFileSync(
        source,
        `public class Holder { public static void main(String[] args) throws Exception {
         var socket = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
         System.out.println(socket.getLocalPort()); System.in.read(); } }`,
      );
      const compiler = spawn("javac", ["-d", folder, source], { stdio: "inherit" });
      await once(compiler, "exit");
      const java = spawn("java", [
        "-Dpassword=hunter2",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        folder,
        "Holder",
        "--token=hunter2",
      ]);
      onTestFinished(() => void java.kill("SIGKILL"));
      const [line] = (await once(java.stdout, "data")) as [Buffer];
      const port = Number(line.toString());
      expect((await thisMachine().holders([port])).get(port)).toEqual({ pid: java.pid, command: "java Holder" });
    },
  );
});

describe("names of programs", () => {
  test.each([
    [
      "java",
      ["java", "-Xmx1g", "@/a/jvm.args", "-cp", "/x/*:/y", "kafka.Kafka", "server.properties"],
      "java kafka.Kafka",
    ],
    ["java", ["java", "-Dp=secret", "-jar", "/opt/app/tool.jar", "--password", "x"], "java tool.jar"],
    ["java", ["java", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "-m", "mod/a.B", "x"], "java mod/a.B"],
    ["java", ["java", "@args", "/etc/passwd"], "java"],
    ["java", ["java"], "java"],
    ["python3", ["python3", "serve.py", "--password=x"], "python3"],
    ["evil\u001b[31m\nname", [], "evil?[31m?name"],
    ["x".repeat(300), [], "x".repeat(80)],
  ])("%s %j", (program, argv, name) => {
    expect(programName(program, argv)).toBe(name);
  });
});

test("the kernel's table of sockets", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 561 1 0 100 0 0 10 0
   1: 0100007F:2385 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 562 1 0 100 0 0 10 0
   2: 0200007F:2386 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 563 1 0 100 0 0 10 0
   3: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 564 1 0 100 0 0 10 0
`;
  expect([...parseListeners(table)]).toEqual([
    [9092, "561"],
    [8080, "564"],
  ]);
});

describe("macOS", () => {
  test("what lsof prints", () => {
    const output =
      "p501\ncjava\nf42\nn127.0.0.1:9092\nf43\nn[::1]:2181\np502\ncControlCenter\nf9\nn*:7000\nf10\nn*:7000\n";
    expect([...parseLsof(output)]).toEqual([
      [9092, { pid: 501, program: "java" }],
      [7000, { pid: 502, program: "ControlCenter" }],
    ]);
    expect([...parseLsof("")]).toEqual([]);
  });

  test.runIf(onLinux)("the same answers as from the kernel's tables", async () => {
    const ports = [
      await listen({ host: "127.0.0.1" }),
      await listen({ host: "0.0.0.0" }),
      await listen({ host: "::" }),
      1,
    ];
    expect(new Map(await darwinPorts(ports))).toEqual(
      new Map(
        [...(await linuxPorts(ports))].map(([port, holder]) => [
          port,
          { ...holder, command: expect.any(String) as string },
        ]),
      ),
    );
  });
});

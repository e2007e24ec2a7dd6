import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { injectFault } from "../../faults/fault.ts";
import { installSoftware, type Software } from "../../../src/hosts/ssh/software.ts";
import type { Relay } from "../../../src/hosts/ssh/relay.ts";
import type { Shell } from "../../../src/hosts/ssh/shell.ts";
import { KctlError } from "../../../src/fault.ts";
import { faultOf } from "./support/apply-host.ts";
import { isRoot, shells, stage } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const folder = "/opt/kctl/kafka-3.9.1";
const options = { fence: () => ":", user: "kctl" };
let archive = Buffer.alloc(0);

beforeAll(() => {
  const made = join(tmpdir(), `kctl-software-${process.pid}`);
  mkdirSync(join(made, "kafka_2.13-3.9.1/libs"), { recursive: true });
  mkdirSync(join(made, "kafka_2.13-3.9.1/bin"));
  writeFileSync(join(made, "kafka_2.13-3.9.1/libs/a.jar"), randomBytes(700_000), { mode: 0o666 });
  writeFileSync(join(made, "kafka_2.13-3.9.1/libs/b.jar"), Buffer.alloc(900_000));
  writeFileSync(join(made, "kafka_2.13-3.9.1/bin/tool.sh"), "#!/bin/sh\n", { mode: 0o777 });
  execFileSync("chown", ["-R", "daemon", made]);
  archive = execFileSync("tar", ["czf", "-", "-C", made, "kafka_2.13-3.9.1"], { maxBuffer: 1e8 });
  execFileSync("rm", ["-rf", made]);
});

function software(more: Partial<Software> = {}): Software & { readonly opened: number[] } {
  const opened: number[] = [];
  return {
    folder,
    sha512: createHash("sha512").update(archive).digest("hex"),
    bytes: archive.length,
    stripComponents: 1,
    urls: [],
    open: (offset) => {
      opened.push(offset);
      return Readable.from([archive.subarray(offset)]);
    },
    opened,
    ...more,
  };
}

const signal = () => AbortSignal.timeout(30_000);

function expectWhole(root: string, { sha512 }: Software): void {
  const at = join(root, folder);
  expect(readdirSync(at).toSorted()).toEqual([".kctl", "bin", "libs"]);
  expect(readFileSync(join(at, ".kctl"), "utf8")).toBe(`${sha512}\n`);
  const facts = ["", "libs/a.jar", "bin/tool.sh", ".kctl"].map((name) => {
    const { mode, uid, gid } = statSync(join(at, name));
    return [(mode & 0o7777).toString(8), uid, gid];
  });
  expect(facts).toEqual([
    ["755", 0, 0],
    ["644", 0, 0],
    ["755", 0, 0],
    ["644", 0, 0],
  ]);
  expect(readdirSync(join(root, "/opt/kctl/.incoming"))).toEqual([]);
  expect(statSync(join(root, "/opt/kctl/.incoming")).mode & 0o777).toBe(0o700);
}

/** The connection breaks once `bytes` of the archive went through. */
function cutting(shell: Shell, cuts: number[]): Shell {
  return {
    node: shell.node,
    run: async (script, given) => {
      const { input } = given;
      const cut = input instanceof Readable ? cuts.shift() : undefined;
      if (cut === undefined || !(input instanceof Readable)) return shell.run(script, given);
      const some: Buffer[] = [];
      for await (const chunk of input) some.push(chunk as Buffer);
      await shell.run(script, { ...given, input: Buffer.concat(some).subarray(0, cut) });
      throw new KctlError({ code: "host-io", what: "the connection was lost" });
    },
  };
}

describe.runIf(isRoot).each(kinds)("in %s", (kind) => {
  for (const busyboxTools of kind === "busybox" ? [false, true] : [false])
    test(`sent, and there the next time${busyboxTools ? ", with busybox's tools" : ""}`, async () => {
      const { root, shell, scripts } = stage({ kind, busyboxTools });
      const wanted = software();
      expect(await installSoftware(shell, options, wanted, signal())).toEqual({
        how: "sent",
        from: null,
        sent: archive.length,
        failures: [],
      });
      expectWhole(root, wanted);
      expect(scripts).toHaveLength(2);
      expect((await installSoftware(shell, options, wanted, signal())).how).toBe("there");
      // Of another archive, but whole: servers may run from it.
      const other = software({ sha512: "0".repeat(128) });
      expect((await installSoftware(shell, options, other, signal())).how).toBe("there");
      expectWhole(root, wanted);
      expect(scripts).toHaveLength(4);
    });

  injectFault(43, "the connection is cut at each tenth of an archive, in a run of its own each time", async () => {
    const { root, shell } = stage({ kind });
    const wanted = software();
    const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => Math.floor((tenth * archive.length) / 10));
    // What a run sends begins where the last one ended, but for a part of a block.
    let from = 0;
    for (const tenth of tenths) {
      const broken = cutting(shell, [tenth - from, 0]);
      await expect(installSoftware(broken, options, wanted, signal())).rejects.toThrow(KctlError);
      expect(existsSync(join(root, folder))).toBe(false);
      from = Math.floor(tenth / 65_536) * 65_536;
      expect(wanted.opened.at(-1)).toBe(from);
    }
    await installSoftware(shell, options, wanted, signal());
    expect(wanted.opened.at(-1)).toBe(from);
    expectWhole(root, wanted);
    return "each run sends only the rest; nothing half is unpacked";
  });
});

describe.runIf(isRoot)("software", () => {
  test("what is here is read through before it is sent, and not where nothing is sent", async () => {
    const { shell } = stage();
    const order: string[] = [];
    const beforeSending = () => Promise.resolve(order.push("checked"));
    const wanted = software({
      beforeSending,
      open: (offset) => {
        order.push("sent");
        return Readable.from([archive.subarray(offset)]);
      },
    });
    expect((await installSoftware(shell, options, wanted, signal())).how).toBe("sent");
    expect(order).toEqual(["checked", "sent"]);
    expect((await installSoftware(shell, options, wanted, signal())).how).toBe("there");
    expect(order).toEqual(["checked", "sent"]);
  });

  test("a connection that is cut is gone on with in the same run", async () => {
    const { root, shell } = stage();
    const wanted = software();
    const { how } = await installSoftware(cutting(shell, [200_000, 300_000]), options, wanted, signal());
    expect(how).toBe("sent");
    expect(wanted.opened).toEqual([0, 196_608, 458_752]);
    expectWhole(root, wanted);
  });

  injectFault(60, "the archive that arrives on a host is not what its digest says", async () => {
    const { root, shell } = stage();
    const fault = await faultOf(installSoftware(shell, options, software({ sha512: "1".repeat(128) }), signal()));
    expect(fault.code).toBe("artifact-damaged");
    expect(readdirSync(join(root, "/opt/kctl"))).toEqual([".incoming"]);
    expect(readdirSync(join(root, "/opt/kctl/.incoming"))).toEqual([]);
    return "artifact-damaged; nothing is unpacked, and nothing stays";
  });

  test("a part from elsewhere is thrown away, and all is sent", async () => {
    const { root, shell } = stage();
    const wanted = software();
    mkdirSync(join(root, "/opt/kctl/.incoming"), { recursive: true });
    writeFileSync(join(root, "/opt/kctl/.incoming", `${wanted.sha512.slice(0, 32)}.part`), randomBytes(300_000));
    expect((await installSoftware(shell, options, wanted, signal())).how).toBe("sent");
    expect(wanted.opened).toEqual([262_144, 0]);
    expectWhole(root, wanted);
  });

  test("a folder without its marker is made anew; what killed runs left goes", async () => {
    const { root, shell } = stage();
    mkdirSync(join(root, folder, "half"), { recursive: true });
    const gone = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
    mkdirSync(join(root, "/opt/kctl/.incoming", `kafka-3.9.1.${gone}`, "libs"), { recursive: true });
    const wanted = software();
    expect((await installSoftware(shell, options, wanted, signal())).how).toBe("sent");
    expectWhole(root, wanted);
  });

  for (const planted of [folder, "/opt/kctl", "/opt/kctl/.incoming"])
    injectFault(56, `a symbolic link is planted at ${planted}`, async () => {
      const { root, shell } = stage();
      mkdirSync(join(root, planted, ".."), { recursive: true });
      mkdirSync(join(root, "/opt/victim"));
      symlinkSync("/opt/victim", join(root, planted));
      const fault = await faultOf(installSoftware(shell, options, software(), signal()));
      expect(fault.what).toBe(`${planted} is a symbolic link, where kctl needs a folder`);
      expect(readdirSync(join(root, "/opt/victim"))).toEqual([]);
      return "refused, and the link is named; nothing is unpacked through it";
    });

  test("two at once: both have it, and one of them put it there", async () => {
    const { root, shell } = stage();
    const wanted = [software(), software(), software()];
    const all = await Promise.all(wanted.map((each) => installSoftware(shell, options, each, signal())));
    expect(all.map(({ failures }) => failures)).toEqual([[], [], []]);
    expectWhole(root, software());
  });

  test.each([
    ["before it is sent", 200, "MiB, and 1 MiB are free in /opt/kctl"],
    ["while it is unpacked", 1500, "at least"],
  ])("a full disk, %s: what it takes is said, and nothing stays", async (_, kibibytes, says) => {
    const mounted = `mkdir -p $STAGE/small; mount -t tmpfs -o size=${kibibytes}k none $STAGE/small; mount --bind $STAGE/small /opt`;
    const { shell } = stage({ setUp: mounted });
    const left: string[] = [];
    const looking: Shell = {
      node: shell.node,
      run: async (script, given) => {
        const looked = script.replace(/exit 0\n\}\n$/, "ls -AR /opt/kctl\nexit 0\n}\n");
        const result = await shell.run(looked, given);
        left.push(result.stdout);
        return result;
      },
    };
    const fault = await faultOf(installSoftware(looking, options, software(), signal()));
    expect(fault.what).toMatch(/^no space is left to install kafka-3.9.1: it takes at least 2 MiB, and/);
    expect(fault.what).toContain(says);
    expect(fault.where).toBe("/opt/kctl");
    await expect.poll(() => left.at(-1)).toMatch(/ end\n\/opt\/kctl:\n.incoming\n\n\/opt\/kctl\/.incoming:\n$/);
  });
});

describe.runIf(isRoot)("fetched by the host", () => {
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const whole: RequestListener = (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const to = /bytes=\d+-(\d+)/.exec(request.headers.range ?? "")?.[1];
    const body = archive.subarray(from, to === undefined ? undefined : Number(to) + 1);
    const range = `bytes ${from}-${from + body.length - 1}/${archive.length}`;
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      "content-length": body.length,
      "content-range": range,
    });
    response.end(body);
  };
  const withoutCurl = {
    setUp: "mount -t tmpfs none /usr/local/bin && mount --bind $STAGE/usr/local/sbin /usr/local/sbin",
  };

  test("by curl, with a redirect and a part to go on with", async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(`${request.url} ${request.headers.range ?? ""}`);
      if (request.url === "/old") response.writeHead(302, { location: "/new" }).end();
      else whole(request, response);
    });
    const { root, shell, scripts } = stage();
    const wanted = software({ urls: [`${url}/old`] });
    mkdirSync(join(root, "/opt/kctl/.incoming"), { recursive: true });
    writeFileSync(join(root, "/opt/kctl/.incoming", `${wanted.sha512.slice(0, 32)}.part`), archive.subarray(0, 1000));
    expect(await installSoftware(shell, options, wanted, signal())).toEqual({
      how: "fetched",
      from: `${url}/old`,
      sent: 0,
      failures: [],
    });
    expect(asked).toEqual(["/old bytes=0-0", "/new bytes=0-0", "/new bytes=1000-"]);
    expect(scripts).toHaveLength(1);
    expectWhole(root, wanted);
  });

  injectFault(
    58,
    "a host's sources answer 404 or 401, lie, end early, lead inside, to a file or round in circles, or are not there",
    async () => {
      const url = await serve((request, response) => {
        switch (request.url) {
          case "/none":
            response.writeHead(404).end();
            return;
          // kctl has what it takes; it stands in no address that a host is told.
          case "/protected":
            response.writeHead(401, { "www-authenticate": "Basic" }).end();
            return;
          case "/lies":
            response.end(randomBytes(archive.length));
            return;
          case "/short":
            response.end(archive.subarray(0, 1000));
            return;
          case "/inside":
            response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data" }).end();
            return;
          case "/file":
            response.writeHead(302, { location: "file:///etc/passwd" }).end();
            return;
          case "/round":
            response.writeHead(302, { location: "/round" }).end();
            return;
          default:
            response.destroy();
        }
      });
      const { root, shell } = stage();
      const names = ["none", "protected", "lies", "short", "inside", "file", "round", "cut"];
      const wanted = software({
        urls: [...names.map((name) => `${url}/${name}`), "http://127.0.0.1:1/x", "file:///etc/passwd"],
      });
      const { how, failures } = await installSoftware(shell, options, wanted, signal());
      expect(how).toBe("sent");
      expect(failures.map((each) => each.replaceAll(url, "URL"))).toEqual([
        "URL/none: HTTP 404",
        "URL/protected: HTTP 401",
        "URL/lies: its sha512 is another one",
        `URL/short: it has 1000 bytes instead of ${archive.length}`,
        "URL/inside: its redirect to http://169.254.169.254/latest/meta-data is not followed",
        "URL/file: its redirect to file:///etc/passwd is not followed",
        "URL/round: too many redirects",
        "URL/cut: no answer",
        "http://127.0.0.1:1/x: no answer",
        "file:///etc/passwd: no answer",
      ]);
      expectWhole(root, wanted);
      return "each is given up for the next, with its reason; in the end kctl sends the archive";
    },
  );

  injectFault(59, "a host's mirror gives 1 KB/s", async () => {
    const url = await serve((request, response) => {
      if (request.headers.range === "bytes=0-0") return whole(request, response);
      response.writeHead(200, { "content-length": archive.length });
      const timer = setInterval(() => response.write(Buffer.alloc(1000)), 1000);
      response.on("close", () => clearInterval(timer));
    });
    const { shell } = stage();
    const began = performance.now();
    const { how, failures } = await installSoftware(shell, options, software({ urls: [url] }), signal());
    expect(how).toBe("sent");
    expect(failures[0]).toMatch(/too slow/);
    expect(performance.now() - began).toBeLessThan(20_000);
    return "it is given up after 10 s, and kctl sends the archive";
  });

  injectFault(66, "the machine that serves the software to the others lies, or dies in the middle", async () => {
    const listeners: readonly RequestListener[] = [
      (_, response) => void response.end(randomBytes(archive.length)),
      (request, response) => {
        if (request.headers.range === "bytes=0-0") return whole(request, response);
        response.writeHead(200, { "content-length": archive.length });
        response.write(archive.subarray(0, 300_000), () => response.destroy());
      },
    ];
    for (const listener of listeners) {
      const url = await serve(listener);
      let turn = 0;
      // At first from the other machine, then as from here.
      const relay: Relay = {
        deliver: ({ send, fetch }) => (turn++ === 0 ? fetch(url) : send(new AbortController().signal, () => undefined)),
      };
      const at = { address: "127.0.0.1", ports: [{ unit: "kctl-demo-broker.service", port: 9092 }], peers: [] };
      const { root, shell } = stage();
      const others = { relay, cluster: "demo", at, onWait: () => undefined };
      const installed = await installSoftware(shell, options, software(), signal(), others);
      expect(installed).toMatchObject({ how: "sent", failures: [expect.stringContaining(url)] });
      expectWhole(root, software());
    }
    return "what it gave is thrown away or gone on with, as its digest says, and the rest is sent from here";
  });

  test("by wget where there is no curl", async () => {
    const url = await serve(whole);
    const { root, shell } = stage(withoutCurl);
    expect((await installSoftware(shell, options, software({ urls: [url] }), signal())).how).toBe("fetched");
    expectWhole(root, software());
  });
});

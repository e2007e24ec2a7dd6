/** What an instance gets at its first boot: well-formed for cloud-init, within EC2's bounds, and its scripts do what they say. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ttlFile, userData, type UserData } from "../../src/ec2/user-data.ts";

const template = readFileSync(new URL("../../templates/cloud-config.yaml", import.meta.url), "utf8");
const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
const hostKey = { private: String(pem), public: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA kctl" };
const plain: UserData = { hostname: "kafka-1", hostKey, endsAt: null, prefetch: [] };
const sha512 = "a".repeat(128);

type Config = {
  readonly write_files?: readonly { readonly path: string; readonly permissions: string; readonly content: string }[];
  readonly runcmd?: readonly (readonly string[])[];
};

function config(over: Partial<UserData> = {}): Config & Record<string, unknown> {
  const text = userData(template, { ...plain, ...over });
  expect(text).toMatch(/^#cloud-config\n/);
  expect(parse(text, { version: "1.1" })).toEqual(parse(text));
  return parse(text) as Config & Record<string, unknown>;
}

describe("the text", () => {
  test("a name, a key, and nothing in /etc/hosts", () => {
    expect(config()).toEqual({
      hostname: "kafka-1",
      manage_etc_hosts: false,
      ssh_deletekeys: true,
      ssh_keys: { ed25519_private: hostKey.private, ed25519_public: hostKey.public },
    });
  });

  test("a time to live is a timer, a service and a script", () => {
    const { write_files: files = [], runcmd } = config({ endsAt: 1_000_240 });
    expect(files.map(({ path, permissions }) => `${permissions} ${path}`)).toEqual([
      `0644 ${ttlFile}`,
      "0644 /etc/kctl/ttl.sh",
      "0644 /etc/systemd/system/kctl-ttl.service",
      "0644 /etc/systemd/system/kctl-ttl.timer",
    ]);
    expect(files[0]?.content).toBe("1000240\n");
    expect(runcmd).toEqual([
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "--now", "kctl-ttl.timer"],
    ]);
  });

  test("archives to fetch", () => {
    const { write_files: files = [], runcmd } = config({
      prefetch: [{ url: "https://example.com/it's.tgz", path: "/opt/kctl/.incoming/a.part", sha512 }],
    });
    expect(files.map(({ path }) => path)).toEqual(["/run/kctl-prefetch.sh"]);
    expect(files[0]?.content).toContain(
      `fetch 'https://example.com/it'\\''s.tgz' '/opt/kctl/.incoming/a.part' '${sha512}'\n`,
    );
    expect(runcmd?.at(-1)).toEqual([
      "systemd-run",
      "--no-block",
      "--collect",
      "--unit=kctl-prefetch",
      "/bin/sh",
      "/run/kctl-prefetch.sh",
    ]);
  });

  test("any key and any URL arrive as they are", () => {
    fc.assert(
      fc.property(fc.string(), fc.webUrl(), (key, url) => {
        const { ssh_keys: keys, write_files: files = [] } = config({
          hostKey: { private: key, public: key },
          prefetch: [{ url, path: "/opt/kctl/.incoming/a.part", sha512 }],
        });
        expect(keys).toEqual({ ed25519_private: key, ed25519_public: key });
        expect(files[0]?.content).toContain(url.replaceAll("'", `'\\''`));
      }),
    );
  });

  test("all of it together is well within what EC2 takes; more than that is refused", () => {
    const one = { url: `https://example.com/${"x".repeat(200)}`, path: "/opt/kctl/.incoming/a.part", sha512 };
    const text = userData(template, { ...plain, endsAt: 1_796_000_000, prefetch: [one, one, one] });
    expect(Buffer.byteLength(text)).toBeLessThan(8 * 1024);
    const many = Array.from({ length: 50 }, () => one);
    expect(() => userData(template, { ...plain, prefetch: many })).toThrow(
      /user data of kafka-1 has \d+ bytes; EC2 takes 16384/,
    );
  });
});

/** Runs a script of the user data below a folder of its own, with commands that only write down that they were called. */
describe("on the machine", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "kctl-user-data-"));
    mkdirSync(join(root, "bin"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function command(name: string, lines: string): void {
    writeFileSync(join(root, "bin", name), `#!/bin/sh\n${lines}\n`);
    chmodSync(join(root, "bin", name), 0o755);
  }

  function run(over: Partial<UserData>, file: string) {
    const script = config(over).write_files?.find(({ path }) => path === file)?.content ?? "";
    expect(script).not.toBe("");
    const here = script.replaceAll("/etc/kctl", `${root}/etc/kctl`).replaceAll("/opt/kctl", `${root}/opt/kctl`);
    return spawnSync("/bin/sh", [], {
      input: here,
      env: { PATH: `${root}/bin:${process.env["PATH"] ?? ""}` },
      encoding: "utf8",
    });
  }

  const ttl = () => run({ endsAt: 1 }, "/etc/kctl/ttl.sh");
  const write = (text: string): void => {
    mkdirSync(`${root}/etc/kctl`, { recursive: true });
    writeFileSync(`${root}${ttlFile}`, text);
  };
  const ended = (): boolean => existsSync(`${root}/ended`);

  test("the end comes at the moment that stands in the file, and is moved by writing another one", () => {
    command("systemctl", `echo "$*" >${root}/ended`);
    write("1000240\n");
    command("date", "echo 1000239");
    expect([ttl().stderr, ended()]).toEqual(["", false]);
    write("1000300\n");
    command("date", "echo 1000240");
    ttl();
    expect(ended()).toBe(false);
    command("date", "echo 1000300");
    expect(ttl().status).toBe(0);
    expect(readFileSync(`${root}/ended`, "utf8")).toBe("poweroff\n");
  });

  test.each([null, "", "soon\n", "-5\n", "12:00\n"])(
    "a file that says %j ends nothing, and the journal says so",
    (text) => {
      command("systemctl", `echo "$*" >${root}/ended`);
      if (text !== null) write(text);
      const { status, stderr } = ttl();
      expect([status, ended()]).toEqual([1, false]);
      expect(stderr).toContain("does not say when this machine ends");
    },
  );

  const digest = createHash("sha512").update("archive\n").digest("hex");
  const archive = { url: "https://example.com/a.tgz", path: "/opt/kctl/.incoming/a.part", sha512: digest };
  /** A curl that writes the text to the file after `-o`. */
  const curl = (text: string): void =>
    command("curl", `while [ "$1" != -o ]; do shift; done; printf '%s\\n' '${text}' >"$2"`);
  const fetched = () => run({ prefetch: [archive] }, "/run/kctl-prefetch.sh");
  const incoming = (): readonly string[] =>
    execFileSync("ls", ["-A", `${root}/opt/kctl/.incoming`], { encoding: "utf8" })
      .split("\n")
      .filter(Boolean);

  test("an archive that is right is kept, under a folder that only root enters", () => {
    curl("archive");
    expect(fetched().stderr).toBe("");
    expect(incoming()).toEqual(["a.part"]);
    expect(execFileSync("stat", ["-c", "%a", `${root}/opt/kctl/.incoming`], { encoding: "utf8" }).trim()).toBe("700");
  });

  test("one that is not is thrown away", () => {
    curl("something else");
    fetched();
    expect(incoming()).toEqual([]);
  });

  test("one that kctl fetches itself is left alone", () => {
    mkdirSync(`${root}/opt/kctl/.incoming`, { recursive: true });
    writeFileSync(`${root}/opt/kctl/.incoming/a.part`, "half");
    curl("archive");
    fetched();
    expect(readFileSync(`${root}/opt/kctl/.incoming/a.part`, "utf8")).toBe("half");
  });

  test("one that kctl has installed meanwhile is not fetched, and not left lying there", () => {
    const installed = (): void => {
      mkdirSync(`${root}/opt/kctl/a-1.0`, { recursive: true });
      writeFileSync(`${root}/opt/kctl/a-1.0/.kctl`, `${digest}\n`);
    };
    command(
      "curl",
      `while [ "$1" != -o ]; do shift; done; echo archive >"$2"; mkdir -p ${root}/opt/kctl/a-1.0; echo ${digest} >${root}/opt/kctl/a-1.0/.kctl`,
    );
    fetched();
    expect(incoming()).toEqual([]);
    installed();
    command("curl", "exit 1");
    expect(fetched().stderr).toBe("");
    expect(incoming()).toEqual([]);
  });
});

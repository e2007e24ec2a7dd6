import { mkdtemp, rm, stat, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localHosts } from "../../../src/hosts/local/local-host.ts";
import type { OpenConnect } from "../../../src/operations/connectors/open-connect.ts";
import { forgetSecrets, hiderFor, secretsOf } from "../../../src/operations/connectors/secrets.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kctl secrets-é-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Two workers of one machine, with a connector that has these settings. */
const open = (): OpenConnect => {
  const workers = ["a", "b"].map((node) => ({ node, role: "connect", folders: { data: join(root, node) } }));
  return {
    provider: { platform: { machine: null }, hosts: (nodes: readonly string[]) => localHosts(nodes, root) },
    cluster: { members: workers },
    workers,
  } as unknown as OpenConnect;
};

type Config = NonNullable<OpenConnect["spec"]["connectors"]>[number]["config"];

const look = (config: Config, env: Record<string, string> = {}) =>
  secretsOf([{ name: "a/b", class: "A", config }], open(), { env, home: root });

const secret: Config = { topics: "t", password: { secret: { env: "PASSWORD" } } };
const file = (name: string): string => join(root, "a/secrets", name);

describe("secrets of connectors", () => {
  test("lie beside the workers in a file that nobody else reads, and a reference is what Connect is given", async () => {
    const first = await look(secret, { PASSWORD: "päss:=word" });
    expect(first.missing).toEqual([{ node: "a", name: "a/b" }]);
    await first.write("a/b");
    const now = await look(secret, { PASSWORD: "päss:=word" });
    expect(now.missing).toEqual([]);
    const [wanted] = now.wanted;
    expect(wanted?.config).toMatchObject({ topics: "t", "connector.class": "A" });
    const [, path = "", key = ""] =
      /^\$\{kctl:([^:]+):(password\.[0-9a-f]{12})\}$/.exec(wanted?.config["password"] ?? "") ?? [];
    expect(path).toBe(file("a%2Fb.properties"));
    expect(await readFile(path, "utf8")).toBe(`${key}=p\\u00e4ss:=word\n`);
    for (const one of [path, file("key")]) expect((await stat(one)).mode & 0o777).toBe(0o600);
    expect((await stat(file("."))).mode & 0o777).toBe(0o700);
  });

  test("another secret is another setting; the former one stays until its tasks have the new", async () => {
    const before = (await look(secret, { PASSWORD: "päss:=word" })).wanted[0]?.config["password"];
    const other = await look(secret, { PASSWORD: "new" });
    expect(other.wanted[0]?.config["password"]).not.toBe(before);
    expect(other.missing).toHaveLength(1);
    const lines = async () => (await readFile(file("a%2Fb.properties"), "utf8")).trimEnd().split("\n").length;
    await other.write("a/b");
    expect(await lines()).toBe(2);
    await other.tidy("a/b");
    expect(await lines()).toBe(1);
  });

  test("are known by what workers were given, whether or not they can be read here", async () => {
    const first = await look(secret, { PASSWORD: "p\u00e4\\ss:= w#rd" });
    await first.write("a/b");
    const hide = await hiderFor(["a/b"], open());
    expect(hide("not p\u00e4\\ss:= w#rd")).toBe("not (hidden)");
    const { hide: both } = await look(secret, { PASSWORD: "another" });
    expect(both("p\u00e4\\ss:= w#rd, another")).toBe("(hidden), (hidden)");
    await forgetSecrets("a/b", open());
  });

  test("one that is a file is read without its line end", async () => {
    const path = join(root, "secret.txt");
    await writeFile(path, "new\r\n");
    const asFile = await look({ password: { secret: { file: path } } });
    const asVariable = await look(secret, { PASSWORD: "new" });
    expect(asFile.wanted[0]?.config["password"]).toBe(asVariable.wanted[0]?.config["password"]);
  });

  test("those that are not there are all told", async () => {
    const empty = join(root, "empty.txt");
    await writeFile(empty, "\n");
    const config: Config = {
      one: { secret: { env: "NOT_SET" } },
      two: { secret: { file: join(root, "nowhere") } },
      three: { secret: { file: empty } },
    };
    await expect(look(config)).rejects.toMatchObject({
      faults: [
        {
          code: "secret-missing",
          where: "a/b.one",
          what: "the variable NOT_SET, which has this secret, is not set",
        },
        { where: "a/b.two", what: `the file ${join(root, "nowhere")}, which has this secret, cannot be read (ENOENT)` },
        { where: "a/b.three", what: `the file ${empty}, which has this secret, is empty` },
      ],
    });
  });

  test("nothing is looked for where there is none, and what was deleted leaves none", async () => {
    expect((await look({ topics: "t" })).missing).toEqual([]);
    await forgetSecrets("a/b", open());
    expect((await look(secret, { PASSWORD: "new" })).missing).toHaveLength(1);
  });

  test("a connector that has none any more is left no file", async () => {
    const first = await look(secret, { PASSWORD: "new" });
    await first.write("a/b");
    await (await look({ topics: "t" })).tidy("a/b");
    await expect(stat(file("a%2Fb.properties"))).rejects.toMatchObject({ code: "ENOENT" });
    expect((await stat(file("key"))).isFile()).toBe(true);
    // Where there was none, none is missed.
    await (await look({ topics: "t" })).tidy("a/b");
  });
});

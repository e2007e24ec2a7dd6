/** `kctl init` as its users meet it: on a terminal, in a pipeline, over a file that is there; and its spec brought up. */
import { readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { kctl, newPlace, type Place } from "./kctl.ts";
import { openTerminal } from "./terminal.ts";

/** A folder without a spec. */
async function emptyPlace(): Promise<Place> {
  const at = await newPlace({ count: 1 });
  await rm(at.spec);
  return at;
}

const specOf = async (at: Place): Promise<string> => readFile(at.spec, "utf8");

describe("on a terminal", () => {
  test("it asks, shows what it takes for granted, and asks again with the reason", async () => {
    const at = await emptyPlace();
    const terminal = openTerminal(`"${inject("kctl")}" init`, { cwd: at.folder, env: at.env });
    await terminal.see("The cluster's name [kctl-e2e-");
    terminal.type("My Cluster\n");
    await terminal.see("`My Cluster` is not");
    await terminal.see("The cluster's name [kctl-e2e-");
    terminal.type("shop\n");
    await terminal.see("[local]: ");
    terminal.type("azure\n");
    await terminal.see("there is no provider `azure`");
    await terminal.see("[local]: ");
    terminal.type("\n");
    await terminal.see("[4.3.1]: ");
    terminal.type("3.9\n");
    await terminal.see("[kraft]: ");
    terminal.type("zookeeper\n");
    await terminal.see("[3]: ");
    terminal.type("none\n");
    await terminal.see("it takes a whole number from 1 to 100, not `none`");
    await terminal.see("[3]: ");
    terminal.type("1\n");
    await terminal.see("kctl.yaml is written, and kctl.schema.json beside it for editors.");
    expect(await terminal.ended).toBe(0);
    expect(await specOf(at)).toMatch(/^name: shop$.*version: 3\.9\.2 .*roles: \[zookeeper, broker\]/ms);
    expect((await kctl(at, "validate", "--json")).result).toMatchObject({ ok: true, cluster: "shop", nodes: 1 });
  });

  test("it asks only for what was not given, and not for what is without a choice", async () => {
    const at = await emptyPlace();
    const terminal = openTerminal(`"${inject("kctl")}" init --name shop --kafka 4.3.1 --provider local`, {
      cwd: at.folder,
      env: at.env,
    });
    await terminal.see("How many nodes, each with a broker [3]: ");
    terminal.type("\n");
    await terminal.see("kctl.yaml is written");
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).not.toMatch(/name|metadata is kept/);
  });

  test("with --yes it asks nothing", async () => {
    const at = await emptyPlace();
    const terminal = openTerminal(`"${inject("kctl")}" init --yes`, { cwd: at.folder, env: at.env });
    expect(await terminal.ended).toBe(0);
    expect(await specOf(at)).toContain("version: 4.3.1");
  });

  test("Ctrl-C and Ctrl-D end it, and nothing is written", async () => {
    const at = await emptyPlace();
    for (const key of ["\u0003", "\u0004"]) {
      const terminal = openTerminal(`"${inject("kctl")}" init`, { cwd: at.folder, env: at.env });
      await terminal.see("The cluster's name");
      terminal.type(key);
      expect(await terminal.ended).toBe(130);
      expect(await readdir(at.folder)).toEqual([]);
    }
  });
});

describe("without a terminal", () => {
  test("the defaults: the newest Kafka, three nodes, the folder's name", async () => {
    const at = await emptyPlace();
    const { exit, result } = await kctl(at, "init", "--json");
    expect({ exit, result }).toMatchObject({
      exit: 0,
      result: { ok: true, file: "kctl.yaml", provider: "local", kafka: "4.3.1", mode: "kraft", nodes: 3, schema: true },
    });
    const schema = await kctl(at, "schema");
    expect(await readFile(join(at.folder, "kctl.schema.json"), "utf8")).toBe(schema.out);
  });

  test("`-` prints it, and writes nothing", async () => {
    const at = await emptyPlace();
    const { exit, out, err } = await kctl(at, "init", "-", "--nodes", "1");
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    expect(out).toMatch(/^# yaml-language-server: .*\n$/s);
    expect(await readdir(at.folder)).toEqual([]);
    const { result } = await kctl(at, "init", "-", "--nodes", "1", "--json");
    expect(result).toMatchObject({ file: null, schema: null, spec: out });
  });

  test("$KCTL_SPEC and -f name the file as well; folders are made", async () => {
    const at = await emptyPlace();
    const env = { ...at.env, KCTL_SPEC: "envs/dev.yaml" };
    expect((await kctl({ ...at, env }, "init", "--json")).result).toMatchObject({
      ok: true,
      file: "envs/dev.yaml",
      cluster: "envs",
    });
    expect((await kctl(at, "init", "-f", "other.yaml", "--json")).result).toMatchObject({
      ok: true,
      file: "other.yaml",
    });
    expect((await kctl(at, "init", "a.yaml", "-f", "b.yaml", "--json")).exit).toBe(2);
    expect((await readdir(at.folder)).toSorted()).toEqual(["envs", "kctl.schema.json", "other.yaml"]);
  });
});

describe("nothing is written", () => {
  test("over a file, a folder or a link that is there; a schema that is there is left", async () => {
    const at = await emptyPlace();
    await writeFile(at.spec, "mine");
    await symlink(join(at.folder, "nowhere"), join(at.folder, "link.yaml"));
    for (const file of ["kctl.yaml", ".", "link.yaml"]) {
      const { exit, result } = await kctl(at, "init", file, "--json");
      expect({ exit, errors: result?.["errors"] }).toMatchObject({
        exit: 2,
        errors: [{ code: "file-exists", where: file }],
      });
    }
    expect(await specOf(at)).toBe("mine");
    expect((await readdir(at.folder)).toSorted()).toEqual(["kctl.yaml", "link.yaml"]);
    await writeFile(join(at.folder, "kctl.schema.json"), "{}");
    const { out, result } = await kctl(at, "init", "other.yaml");
    expect({ out, result }).toMatchObject({
      out: expect.stringContaining("kctl.schema.json was there, and is as it was") as unknown,
    });
    expect(await readFile(join(at.folder, "kctl.schema.json"), "utf8")).toBe("{}");
  });

  test("where options are wrong: all of them are told at once", async () => {
    const at = await emptyPlace();
    const { exit, result } = await kctl(
      at,
      "init",
      "--name",
      "A",
      "--provider",
      "azure",
      "--kafka",
      "4.3.1",
      "--mode",
      "zookeeper",
      "--nodes",
      "0",
      "--json",
    );
    expect(exit).toBe(2);
    const errors = result?.["errors"] as { code: string; where: string }[];
    expect(errors.map(({ code, where }) => `${where} ${code}`)).toEqual([
      "--name usage",
      "--provider usage",
      "--mode usage",
      "--nodes usage",
    ]);
    const high = await kctl(at, "init", "--nodes", "20", "--port", "65500", "--json");
    expect(high).toMatchObject({
      exit: 2,
      result: { errors: [{ code: "usage", fix: "give another --port, or fewer --nodes" }] },
    });
    expect(await readdir(at.folder)).toEqual([]);
  });
});

test("for machines that you have, and for EC2", async () => {
  const at = await emptyPlace();
  const ssh = ["--provider", "ssh", "--user", "admin", "--addresses", "10.0.0.11,10.0.0.12,10.0.0.13"];
  expect(await kctl(at, "init", ...ssh, "--json")).toMatchObject({ exit: 0, result: { provider: "ssh", nodes: 3 } });
  expect((await kctl(at, "validate", "--json")).result).toMatchObject({ ok: true, nodes: 3 });
  const aws = ["--provider", "aws", "--region", "eu-west-1", "--clients", "10.1.0.0/16"];
  expect(await kctl(at, "init", "ec2.yaml", ...aws, "--json")).toMatchObject({ exit: 0, result: { provider: "aws" } });
  expect((await kctl(at, "validate", "-f", "ec2.yaml", "--json")).result).toMatchObject({ ok: true, nodes: 3 });
  const wrong = await kctl(at, "init", "x.yaml", "--provider", "aws", "--addresses", "10.0.0.11", "--json");
  expect(wrong).toMatchObject({
    exit: 2,
    result: { errors: [{ where: "--addresses", what: "--addresses is for `--provider ssh`" }] },
  });
});

test("what it writes comes up as it stands, and passes the smoke test", async () => {
  const at = await emptyPlace();
  const made = await kctl(at, "init", "--name", "demo", "--nodes", "1", "--port", String(at.port), "--json");
  expect(made.result).toMatchObject({ ok: true, cluster: "demo" });
  const up = await kctl(at, "up", "--smoke-test", "--json");
  expect({ exit: up.exit, errors: up.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  expect((await kctl(at, "plan", "--check", "--json")).exit).toBe(0);
  expect((await kctl(at, "destroy", "--yes", "--json")).exit).toBe(0);
  expect((await readdir(at.folder)).toSorted()).toEqual(["kctl.schema.json", "kctl.yaml"]);
});

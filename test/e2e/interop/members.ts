/** Members of a consumer group, each by a client of its own: they read until they are told to leave. */
import { spawn } from "node:child_process";
import { inject, onTestFinished } from "vitest";
import { javaEnv, javaTool } from "../java-tools.ts";
import { bootstrapOf, pythonClients, type Side } from "./clients.ts";
import { fromJava, fromJson, fromKctl, fromLines, javaForm, type Got } from "./forms.ts";

/** `consumer` is that of KIP-848. */
export type Protocol = "classic" | "consumer";

export type Member = {
  readonly name: string;
  /** What it has read so far. */
  readonly seen: () => readonly Got[];
  /** Resolves once it has left the group. */
  readonly leave: () => Promise<void>;
};

type Group = { readonly topic: string; readonly name: string; readonly protocol: Protocol };

type How = {
  readonly argv: readonly [string, ...string[]];
  readonly parse: (out: Buffer) => readonly Got[];
  /** It does not end by itself when told so. */
  readonly exits: readonly (number | null)[];
};

function join(side: Side, name: string, { argv, parse, exits }: How): Member {
  const [command, ...args] = argv;
  const kctls = command === inject("kctl");
  const child = spawn(command, args, kctls ? { cwd: side.at.folder, env: side.at.env } : { cwd: "/", env: javaEnv });
  onTestFinished(() => void child.kill("SIGKILL"));
  const out: Buffer[] = [];
  let err = "";
  child.stdout.on("data", (some: Buffer) => void out.push(some));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return {
    name,
    seen: () => parse(Buffer.concat(out)),
    leave: async () => {
      child.kill("SIGTERM");
      const exit = await ended;
      if (!exits.includes(exit)) throw new Error(`${name} ended with ${exit}: ${err}`);
    },
  };
}

/** Begins with the first record where the group has committed nothing. */
export function kctlMember(side: Side, { topic, name }: Group): Member {
  const args = ["consume", topic, "--group", name, "--follow", "--from-beginning", "--json"];
  return join(side, "kctl", { argv: [inject("kctl"), ...args], parse: fromLines(fromKctl), exits: [130] });
}

export function javaMember(side: Side, { topic, name, protocol }: Group): Member {
  const settings = [
    "client.id=java",
    `group.protocol=${protocol}`,
    "auto.commit.interval.ms=200",
    ...(protocol === "classic" ? ["heartbeat.interval.ms=300"] : []),
  ].flatMap((one) => ["--consumer-property", one]);
  const where = ["--bootstrap-server", bootstrapOf(side), "--topic", topic, "--group", name, "--from-beginning"];
  const tool = javaTool(side.version, "kafka-console-consumer");
  return join(side, "java", {
    argv: [tool, ...where, ...settings, ...javaForm],
    parse: fromJava,
    // A JVM that a signal ends says so, though it has left in good order.
    exits: [0, 143],
  });
}

export function pythonMember(side: Side, library: string, { topic, name, protocol }: Group): Member {
  const args = [pythonClients, library, "member", bootstrapOf(side), topic, name, "0", protocol];
  return join(side, library, {
    argv: [side.python, ...args],
    parse: fromLines((line) => [fromJson(line)]),
    exits: [0],
  });
}

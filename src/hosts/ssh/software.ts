/** Puts software on a host: fetched by the host itself where it can, else sent to it; gone on with where it was cut. */
import { posix } from "node:path";
import type { Readable } from "node:stream";
import { KctlError } from "../../fault.ts";
import { alone, type BatchOptions } from "./batch.ts";
import { fetchLines } from "./fetch-software.ts";
import type { Operation, Verdict } from "./operation.ts";
import type { Shell } from "./shell.ts";
import { unpackingLines, type SoftwareArchive } from "./unpack-software.ts";

export type Software = SoftwareArchive & {
  /** http(s), tried in turn by the host itself. */
  readonly urls: readonly string[];
  /** The archive from a byte on. */
  readonly open: (offset: number) => Readable;
};

export type Installed = {
  /** It was there already, the host fetched it from `from`, or it was sent. */
  readonly how: "there" | "fetched" | "sent";
  readonly from: string | null;
  /** Bytes that were sent from here. */
  readonly sent: number;
  /** Why the host could not fetch it, an address each. */
  readonly failures: readonly string[];
};

type Step =
  | { readonly state: "there" }
  | { readonly state: "fetched"; readonly from: string }
  | { readonly state: "needed"; readonly offset: number };

type Prepared = { readonly step: Step; readonly failures: readonly string[] };

/** Pieces in which a part is gone on with. */
const block = 64 * 1024;

/**
 * Each run goes on with the bytes that the host has. A connection that is cut is used again as long as that brings more
 * of them across; the shell makes a new one.
 */
export async function installSoftware(
  shell: Shell,
  options: BatchOptions,
  software: Software,
  signal: AbortSignal,
): Promise<Installed> {
  const { step: first, failures } = await alone(shell, prepare(software, software.urls), options, signal);
  let step = first;
  let sent = 0;
  while (step.state === "needed") {
    const { offset } = step;
    const input = software.open(offset);
    input.on("data", (chunk: Buffer) => (sent += chunk.length)).pause();
    try {
      step = await alone(shell, receive(software, offset, input), options, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isOfConnection(error)) throw error;
      ({ step } = await alone(shell, prepare(software, []), options, signal));
      if (step.state === "needed" && step.offset <= offset) throw error;
    } finally {
      input.destroy();
    }
  }
  if (step.state === "fetched") return { how: "fetched", from: step.from, sent, failures };
  return { how: sent > 0 ? "sent" : "there", from: null, sent, failures };
}

/** The host did not say what is wrong: the way to it broke. */
function isOfConnection(error: unknown): boolean {
  return error instanceof KctlError && error.faults.every(({ code }) => code === "host-io" || code.startsWith("ssh"));
}

function prepare(software: Software, urls: readonly string[]): Operation<Prepared> {
  const { folder, bytes } = software;
  return {
    ...describing(software),
    lines: [
      unpackingLines(software),
      // Whole, but its unpacking was cut short.
      `[ "$(size)" -ne ${bytes} ] || { unpack_part && { echo there; exit 0; }; }`,
      ...fetchLines(urls),
      `[ "$(size)" -le ${bytes} ] || rm -f "$part"`,
      `[ $(($(free) + $(size) / 1024)) -ge "$need" ] || no_room`,
      `echo "needed $(($(size) / ${block} * ${block}))"`,
    ].join("\n"),
    read: (stdout) => {
      const lines = stdout.trim().split("\n");
      const failures = lines.flatMap((line) => (line.startsWith("failed ") ? line.slice("failed ".length) : []));
      return { step: stepIn(lines.at(-1) ?? "", folder), failures };
    },
  };
}

function receive(software: Software, offset: number, input: Readable): Operation<Step> {
  return {
    ...describing(software),
    input,
    lines: [
      unpackingLines(software),
      `said=$(dd of="$part" bs=${block} seek=${offset / block} conv=notrunc 2>&1) || { ! full "$said" || no_room; echo "$said" >&2; exit 1; }`,
      `[ "$(size)" -eq ${software.bytes} ] || exit 94`,
      // What was there before may have come from elsewhere: once more, all of it.
      `unpack_part || { ${offset > 0 ? "echo needed 0; exit 0" : "exit 95"}; }`,
      "echo there",
    ].join("\n"),
    read: (stdout) => stepIn(stdout.trim(), software.folder),
  };
}

function stepIn(line: string, folder: string): Step {
  const [word] = line.split(" ", 1);
  const rest = line.slice(line.indexOf(" ") + 1);
  if (word === "there") return { state: "there" };
  if (word === "fetched") return { state: "fetched", from: rest };
  if (word === "needed") return { state: "needed", offset: Number(rest) };
  throw new Error(`the script for ${folder} printed ${JSON.stringify(line)}`);
}

function describing(software: Software) {
  const name = posix.basename(software.folder);
  return {
    doing: `install ${name}`,
    about: software.folder,
    failed: ({ code }: Verdict, node: string): KctlError | null => {
      const again = "run the same command again: it sends what is missing";
      if (code === 94)
        return new KctlError({
          code: "host-io",
          node,
          where: software.folder,
          what: `${name} did not arrive whole on ${node}: the connection was cut`,
          fix: again,
        });
      if (code === 95)
        return new KctlError({
          code: "artifact-damaged",
          node,
          where: software.folder,
          what: `${name} as it arrived on ${node} is not what its sha512 says`,
          fix: "run the same command again: it sends all of it anew",
        });
      return null;
    },
  };
}

/** Puts software on a host: fetched by the host itself where it can, from another host, or sent to it; gone on with where it was cut. */
import { posix } from "node:path";
import type { Readable } from "node:stream";
import { KctlError } from "../../fault.ts";
import { alone, type BatchOptions } from "./batch.ts";
import { fetchLines } from "./fetch-software.ts";
import type { Operation, Verdict } from "./operation.ts";
import type { Relay, Share } from "./relay.ts";
import { beginSharing, endSharing, keepArchive, type SharedAt } from "./share.ts";
import type { Shell } from "./shell.ts";
import { unpackingLines, type SoftwareArchive } from "./unpack-software.ts";

export type Software = SoftwareArchive & {
  /** http(s), tried in turn by the host itself. */
  readonly urls: readonly string[];
  /** The archive from a byte on. */
  readonly open: (offset: number) => Readable;
  /** Makes certain that it is whole here; absent: it is. */
  readonly beforeSending?: () => Promise<unknown>;
};

/** Other hosts that are to have the same. */
export type Others = {
  readonly relay: Relay;
  readonly cluster: string;
  readonly at: SharedAt;
  /** Told in a phrase what it waits for. */
  readonly onWait: (what: string) => void;
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
  others: Others | null = null,
): Promise<Installed> {
  const { step: first, failures: refused } = await alone(shell, prepare(software, software.urls), options, signal);
  const failures = [...refused];
  let step = first;
  let sent = 0;
  const send = async (offset: number, ended: AbortSignal, count: (bytes: number) => void): Promise<Step> => {
    await software.beforeSending?.();
    const input = software.open(offset);
    const onData = (chunk: Buffer): void => {
      sent += chunk.length;
      count(chunk.length);
    };
    input.on("data", onData).pause();
    try {
      return await alone(shell, receive(software, offset, input), options, AbortSignal.any([signal, ended]));
    } catch (error) {
      signal.throwIfAborted();
      ended.throwIfAborted();
      if (!isOfConnection(error)) throw error;
      const { step: now } = await alone(shell, prepare(software, []), options, signal);
      if (now.state === "needed" && now.offset <= offset) throw error;
      return now;
    } finally {
      input.destroy();
    }
  };
  const fetch = async (url: string | null): Promise<Step> => {
    if (url !== null) others?.onWait(`it fetches it from ${url}`);
    const fetched = await alone(shell, prepare(software, url === null ? [] : [url]), options, signal);
    failures.push(...fetched.failures);
    return fetched.step;
  };
  const deliver = others?.relay.deliver ?? sendOnly;
  const share = shareOf(shell, options, software, others, signal);
  const onWait = (): void =>
    others?.onWait("the way from here is slow: it gets it from another machine that is sent it first");
  while (step.state === "needed") {
    const { offset } = step;
    const missing = software.bytes - offset;
    step = await deliver({ missing, send: (ended, count) => send(offset, ended, count), fetch, share, onWait });
  }
  if (step.state === "fetched") return { how: "fetched", from: step.from, sent, failures };
  return { how: sent > 0 ? "sent" : "there", from: null, sent, failures };
}

const sendOnly: Relay["deliver"] = ({ send }) => send(new AbortController().signal, () => undefined);

function shareOf(
  shell: Shell,
  options: BatchOptions,
  { sha512, bytes }: Software,
  others: Others | null,
  signal: AbortSignal,
): Share | null {
  if (others === null) return null;
  const { cluster, at } = others;
  const shared = { cluster, sha512, bytes };
  return {
    keep: () => alone(shell, keepArchive(shared), options, signal),
    begin: () => alone(shell, beginSharing(shared, at), options, signal),
    end: () => alone(shell, endSharing(shared), options, signal),
  };
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
      // One whose connection broke, or that was called off, may still be writing.
      `turn=0; while [ -f "$key.pid" ] && [ -d "/proc/$(cat "$key.pid")" ] && [ "$turn" -lt 50 ]; do sleep 0.1; turn=$((turn + 1)); done; rm -f "$key.pid"`,
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
      'echo $$ >"$key.pid"',
      `said=$(dd of="$part" bs=${block} seek=${offset / block} conv=notrunc 2>&1) || { ! full "$said" || no_room; echo "$said" >&2; exit 1; }`,
      `rm -f "$key.pid"; [ "$(size)" -eq ${software.bytes} ] || exit 94`,
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

/** The mirror's process: an HTTP server with ranges that misbehaves as it is told, a resolver, and what ends the lab after its owner. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { appendFileSync, createReadStream, readFileSync, realpathSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { Misbehaviour, MirrorControl, MirrorRequest } from "./mirror.ts";
import { folderOf } from "./state.ts";

const [id = "", owner] = process.argv.slice(2);
const folder = folderOf(id);

let told = "";
let used = new Map<Misbehaviour, number>();
let control: MirrorControl = { folders: {}, misbehaves: [] };

/** Read anew at each request; where it has changed, the counts begin anew. */
function readControl(): MirrorControl {
  const text = readFileSync(join(folder, "mirror.json"), "utf8");
  if (text !== told) {
    told = text;
    control = JSON.parse(text) as MirrorControl;
    used = new Map();
  }
  return control;
}

function misbehaviour(path: string): Misbehaviour | null {
  const how = readControl().misbehaves.find(
    (one) => path.endsWith(one.path) && (used.get(one) ?? 0) < (one.times ?? Infinity),
  );
  if (how !== undefined) used.set(how, (used.get(how) ?? 0) + 1);
  return how ?? null;
}

/** The longest address wins. A path that leads out of its folder is none. */
function fileOf(path: string): string | null {
  const { folders } = readControl();
  for (const address of Object.keys(folders).toSorted((a, b) => b.length - a.length)) {
    const base = folders[address];
    if (!path.startsWith(address) || base === undefined) continue;
    try {
      const file = join(base, path.slice(address.length));
      if (!`${file}/`.startsWith(join(base, "/"))) return null;
      if (statSync(file).isFile()) return realpathSync(file);
    } catch {
      // Another folder may have it.
    }
  }
  return null;
}

type Range = { readonly start: number; readonly end: number };

function rangeOf(header: string | undefined, size: number): Range | "none" | "wrong" {
  const found = /^bytes=(\d*)-(\d*)$/u.exec(header ?? "");
  if (found === null) return "none";
  const [, from = "", to = ""] = found;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return start > end || start >= size ? "wrong" : { start, end };
}

async function send(
  response: ServerResponse,
  file: string,
  { start, end }: Range,
  how: Misbehaviour | null,
): Promise<void> {
  const middle = Math.floor(statSync(file).size / 2);
  let at = start;
  const highWaterMark = how?.kind === "slow" ? Math.max(1, Math.ceil(how.bytesPerSecond / 10)) : 256 * 1024;
  for await (const read of createReadStream(file, { start, end, highWaterMark })) {
    let chunk = read as Buffer;
    if (how?.kind === "lie" && at <= middle && middle < at + chunk.length) {
      chunk = Buffer.from(chunk);
      const byte = chunk[middle - at] ?? 0;
      // Another digit where it is a digest, so that it still reads as one.
      chunk[middle - at] = byte === 0x30 ? 0x31 : 0x30;
    }
    const left = how?.kind === "cut" ? how.after - (at - start) : Infinity;
    at += chunk.length;
    if (!response.write(chunk.subarray(0, left)))
      await Promise.race([once(response, "drain"), once(response, "close")]);
    if (response.destroyed) return;
    if (chunk.length >= left) {
      // What was written is to arrive; then the connection is gone.
      response.socket?.destroySoon();
      return;
    }
    if (how?.kind === "slow") await pause(100);
  }
  response.end();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? "/", "http://mirror").pathname);
  const { method = "", headers } = request;
  const entry: MirrorRequest = {
    method,
    path,
    from: request.socket.remoteAddress ?? "",
    ...(headers.range === undefined ? {} : { range: headers.range }),
  };
  appendFileSync(join(folder, "requests.log"), `${JSON.stringify(entry)}\n`);
  const how = misbehaviour(path);
  if (how?.kind === "silent") return;
  const file = fileOf(path);
  if (how?.kind === "status" || file === null) {
    response.writeHead(how?.kind === "status" ? how.status : 404).end();
    return;
  }
  const { size, mtime } = statSync(file);
  const range = rangeOf(headers.range, size);
  if (range === "wrong") {
    response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
    return;
  }
  const part = range === "none" ? { start: 0, end: size - 1 } : range;
  response.writeHead(range === "none" ? 200 : 206, {
    "Accept-Ranges": "bytes",
    "Content-Length": part.end - part.start + 1,
    "Last-Modified": mtime.toUTCString(),
    ...(range === "none" ? {} : { "Content-Range": `bytes ${part.start}-${part.end}/${size}` }),
  });
  if (method === "HEAD" || size === 0) response.end();
  else await send(response, file, part, how);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.log(error);
    response.destroy();
  });
});
/** Of a question for the name that EC2 gives to an address (ip-172-31-0-4, with or without a domain), that address. */
function addressAsked(query: Buffer): readonly number[] | null {
  const name = query.toString("latin1", 13, 13 + (query[12] ?? 0));
  const type = query.readUInt16BE(query.indexOf(0, 12) + 1);
  const found = /^ip-(\d+)-(\d+)-(\d+)-(\d+)$/u.exec(name);
  return found === null || type !== 1 ? null : found.slice(1).map(Number);
}

// Knows no other name, and says so at once: without it the kernel would refuse, only a few times a second.
const resolver = createSocket("udp4", (query, { address, port }) => {
  const found = addressAsked(query);
  const asked = Buffer.from(query);
  asked.writeUInt16BE((query.readUInt16BE(2) & 0x0100) | (found === null ? 0x8083 : 0x8080), 2);
  if (found === null) {
    resolver.send(asked, port, address);
    return;
  }
  // The question, and one answer that refers to its name; what else was asked along with it is left out.
  asked.set([0, 1, 0, 0, 0, 0], 6);
  const question = asked.subarray(0, query.indexOf(0, 12) + 5);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...found]);
  resolver.send(Buffer.concat([question, record]), port, address);
});
resolver.bind(53, "10.77.0.1");
server.listen(8080, "10.77.0.1", () => console.log("serves"));

// Standard input ends when the owner does, however it ended. The lab's end is this process's too, so another one brings it about.
if (owner !== undefined) {
  process.stdin.resume().once("close", () => {
    const end = join(import.meta.dirname, "end.ts");
    spawn(process.execPath, [end, id], { detached: true, stdio: "ignore" }).unref();
  });
}

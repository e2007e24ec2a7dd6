/** One GET that gives up early: on names, connections and answers that do not come, and on redirects to where they must not lead. */
import { lookup as dnsLookup, type LookupAddress } from "node:dns";
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { KctlError } from "../fault.ts";
import { shown } from "../services/web-address.ts";
import { bodyOf } from "./body.ts";

export type Patience = {
  /** For the name, the connection and, through a proxy, the tunnel. */
  readonly connectMs: number;
  /** For the headers. */
  readonly answerMs: number;
  /** A body must bring `windowBytes` in each `windowMs`. */
  readonly windowMs: number;
  readonly windowBytes: number;
};

export const usualPatience: Patience = { connectMs: 5_000, answerMs: 10_000, windowMs: 8_000, windowBytes: 128 * 1024 };

export type GetOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncGenerator<Buffer, void>;
  readonly discard: () => void;
};

const mostRedirects = 5;

/** Where clouds keep the credentials of a machine. */
const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");
linkLocal.addAddress("fd00:ec2::254", "ipv6");

export function failed(what: string): KctlError {
  return new KctlError({ code: "artifact-unavailable", what });
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : failed("interrupted");
}

function isLinkLocal(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && linkLocal.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** Looks at what a name resolves to: a name can stand for a link-local address as well. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const bad = error === null ? addresses.find(({ address }) => isLinkLocal(address)) : undefined;
    const problem = bad === undefined ? error : failed(`${hostname} is the link-local address ${bad.address}`);
    const first = addresses?.[0];
    if (problem !== null || first === undefined) callback(problem ?? failed(`${hostname} has no address`), "", 4);
    else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** Why a redirect is not followed; null where it is. */
function objection(from: URL, to: URL): string | null {
  if (to.protocol !== "https:" && (to.protocol !== "http:" || from.protocol !== "http:")) return `to ${to.protocol}`;
  const host = to.hostname.replace(/^\[(.*)\]$/, "$1");
  return isLinkLocal(host) ? `to the link-local address ${host}` : null;
}

function send(url: URL, redirected: boolean, { env, headers }: GetOptions): ClientRequest {
  const options = {
    headers: { "user-agent": "kctl", accept: "*/*", "accept-encoding": "identity", ...headers },
    ...(redirected ? { lookup: guardedLookup } : {}),
  };
  const agentOptions = { keepAlive: false, proxyEnv: { ...env } };
  if (url.protocol === "https:") return httpsRequest(url, { ...options, agent: new HttpsAgent(agentOptions) });
  return httpRequest(url, { ...options, agent: new HttpAgent(agentOptions) });
}

/** Rejects on an abort, and where no headers come. */
async function answerOf(request: ClientRequest, url: URL, { signal, patience }: GetOptions): Promise<IncomingMessage> {
  const stop = (why: string) => () => void request.destroy(failed(why));
  const onAbort = (): void => void request.destroy(reasonOf(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  const { connectMs, answerMs } = patience;
  let timer = setTimeout(stop(`${url.host} could not be reached within ${connectMs / 1000} s`), connectMs);
  const connected = (): void => {
    clearTimeout(timer);
    timer = setTimeout(stop(`${url.host} gave no answer within ${answerMs / 1000} s`), answerMs);
  };
  request.once("socket", (socket) => {
    if (socket.connecting) socket.once("connect", connected);
    else connected();
  });
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      request.once("error", reject);
      request.once("response", (answer) => {
        // What goes wrong from here on goes wrong with the body, and is seen there.
        request.on("error", () => undefined);
        resolve(answer);
      });
      request.end();
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** The chunks of a body, as long as they keep coming at a useful pace. */
async function* watched(
  body: AsyncGenerator<Buffer, void>,
  answer: IncomingMessage,
  url: URL,
  { signal, patience }: GetOptions,
): AsyncGenerator<Buffer, void> {
  const { windowMs, windowBytes } = patience;
  let inWindow = 0;
  const onAbort = (): void => void answer.destroy(reasonOf(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const timer = setInterval(() => {
    const rate = Math.round(inWindow / windowMs);
    if (inWindow < windowBytes) answer.destroy(failed(`${url.host} is too slow: ${rate} KB/s`));
    inWindow = 0;
  }, windowMs);
  try {
    for await (const chunk of body) {
      inWindow += chunk.length;
      yield chunk;
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** The answer to a GET, redirects followed; whatever its status. The caller reads the body or discards it. */
export async function get(start: URL, options: GetOptions): Promise<Answer> {
  let url = start;
  for (let hops = 0; hops <= mostRedirects; hops++) {
    options.signal.throwIfAborted();
    const request = send(url, hops > 0, options);
    // Before anything is awaited, or the first bytes of a connection that is cut at once are lost.
    const body = new Promise<AsyncGenerator<Buffer, void>>((resolve) => {
      request.once("response", (answer) => resolve(bodyOf(answer)));
    });
    const answer = await answerOf(request, url, options);
    const { statusCode: status = 0, headers } = answer;
    if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) {
      const discard = (): void => void answer.destroy();
      return { status, headers, body: watched(await body, answer, url, options), discard };
    }
    answer.destroy();
    const next = URL.parse(headers.location, url.href);
    if (next === null) throw failed(`${shown(url)} redirects to what is no address`);
    const why = objection(url, next);
    if (why !== null) throw failed(`${shown(url)} redirects ${why}, which is not followed`);
    url = next;
  }
  throw failed(`${shown(start)} redirects more than ${mostRedirects} times`);
}

/** A small file as text; null where the server has none. */
export async function getText(url: URL, options: GetOptions, longest: number): Promise<string | null> {
  const answer = await get(url, options);
  const { status } = answer;
  if (status !== 200) answer.discard();
  if (status === 404 || status === 410) return null;
  if (status !== 200) throw failed(`${shown(url)} answers with HTTP ${status}`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > longest) throw failed(`${shown(url)} is longer than ${longest} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** How a server is reached: straight, or through a tunnel where one was laid to its machine. */
import { AsyncLocalStorage } from "node:async_hooks";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Address } from "./address.ts";
import { wayInto, waysApart } from "./ways-in.ts";

/** Opens a stream to a port of the machine; its error has a `code` such as ECONNREFUSED where the machine said so. */
export type Tunnel = (port: number) => Promise<Duplex>;

type Tunnels = Map<string, Tunnel>;

const ofAll: Tunnels = new Map();
const apart = new AsyncLocalStorage<Tunnels>();

const tunnels = (): Tunnels => apart.getStore() ?? ofAll;

/**
 * For a command that speaks with several clusters, one way for each: a name, or an address of a private network, may be one
 * machine to the one and another machine to the other. What is run in it lays and takes tunnels and ways in of its own.
 */
export function routesApart(): <Result>(use: () => Result) => Result {
  const own: Tunnels = new Map();
  const inWays = waysApart();
  return (use) => inWays(() => apart.run(own, use));
}

/** From now on this host, by whatever it is called here, is reached through the tunnel. */
export function layTunnel(host: string, tunnel: Tunnel): void {
  tunnels().set(host, tunnel);
}

export function takeUpTunnel(host: string, tunnel: Tunnel): void {
  if (tunnels().get(host) === tunnel) tunnels().delete(host);
}

export function hasTunnel(host: string): boolean {
  return tunnels().has(host);
}

/** Emits `connect` once it is through, then behaves as a socket does. */
export function dial(address: Address): Duplex {
  const way = wayInto(address);
  if (way !== null) return way.dial(address);
  const tunnel = tunnels().get(address.host);
  return tunnel === undefined ? dialStraight(address) : through(tunnel(address.port));
}

/** As any other program on this machine would, tunnel or not. */
export function dialStraight({ host, port }: Address): Socket {
  return connect({ host, port, noDelay: true });
}

function through(opening: Promise<Duplex>): Duplex {
  const withFar = (use: (far: Duplex) => void, orElse: (error: Error) => void): void => void opening.then(use, orElse);
  const near = new Duplex({
    // As a socket: once the other end is done, so is this one.
    allowHalfOpen: false,
    read: () =>
      withFar(
        (far) => void far.resume(),
        () => undefined,
      ),
    write: (chunk: Buffer, _encoding, done) => withFar((far) => void far.write(chunk, done), done),
    final: (done) =>
      withFar(
        (far) => void far.end(() => done()),
        () => done(),
      ),
    destroy: (error, done) => {
      withFar(
        (far) => void far.destroy(),
        () => undefined,
      );
      done(error);
    },
  });
  withFar(
    (far) => {
      near.emit("connect");
      far.on("data", (chunk: Buffer) => {
        if (!near.push(chunk)) far.pause();
      });
      far.on("end", () => near.push(null));
      far.on("error", (error) => near.destroy(error));
      // Without an end it was cut.
      far.on("close", () => (far.readableEnded ? undefined : near.destroy()));
    },
    (error) => near.destroy(error),
  );
  return near;
}

/**
 * How the servers of clusters are spoken with that kctl does not manage, which may want TLS and a login: by address. A way in is made of functions: secrets stay inside them, so that no
 * address, fault or log can have one in it.
 */
import type { Duplex } from "node:stream";
import { KctlError } from "../fault.ts";
import { addressText, type Address } from "./address.ts";
import type { Ask } from "./wire/exchange.ts";

export type WayIn = {
  /** Opens a connection, which emits `connect` and behaves as a socket does. */
  readonly dial: (address: Address) => Duplex;
  /** Comes before the first request; null: nobody need say who they are. */
  readonly login: ((ask: Ask, address: Address) => Promise<void>) | null;
};

const ways = new Map<string, WayIn>();

/** From now on the server is reached in this way only: what one cluster is told must never reach another. */
export function openWay(address: Address, way: WayIn): void {
  const key = addressText(address);
  const known = ways.get(key);
  if (known !== undefined && known !== way)
    throw new KctlError({
      code: "usage",
      what: `two specs reach ${key} with different \`tls\` or \`sasl\``,
      where: key,
      fix: "name one of them at a time",
    });
  ways.set(key, way);
}

export function wayInto(address: Address): WayIn | null {
  return ways.get(addressText(address)) ?? null;
}

/** Brokers that a broker names are of its own cluster, under whatever names it advertises them: the same way leads to them. */
export function openWaysFrom(address: Address, named: readonly Address[]): void {
  const way = wayInto(address);
  if (way !== null) for (const { host, port } of named) openWay({ host, port }, way);
}

/** How to find out what a server does, for "see ... whether": by kctl, where it manages the cluster. */
export function byStatus(address: Address): string {
  return wayInto(address) === null ? "with `kctl status` " : "";
}

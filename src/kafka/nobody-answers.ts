/** That no broker answers, told alike by all commands. */
import { KctlError } from "../fault.ts";
import { addressText, type Address } from "./address.ts";
import { sentBy, wayInto } from "./ways-in.ts";

export function nobodyAnswers({ bootstrap }: { readonly bootstrap: readonly Address[] }): KctlError {
  return new KctlError({
    code: "kafka-unreachable",
    what: `no broker answers at ${bootstrap.map(addressText).join(", ")}${sentText(bootstrap)}`,
    fix: fixOf(bootstrap),
  });
}

/** To be put behind addresses. */
export function sentText(addresses: readonly Address[]): string {
  const sender = addresses.map(sentBy).find((one) => one !== null);
  return sender === undefined ? "" : `, where ${sender} sends clients`;
}

/** A broker that did answer sent us there: then they may all be well, and clients are told what is of no use here. */
export function fixOf(addresses: readonly Address[]): string {
  if (sentText(addresses) !== "") return "their `advertised.listeners` must name addresses that this machine can reach";
  return addresses.some((address) => wayInto(address) !== null)
    ? "see whether the brokers run, and that this machine can reach their addresses"
    : "`kctl status` shows what runs; `kctl up` starts what does not";
}

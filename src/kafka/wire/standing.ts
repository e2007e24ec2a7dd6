/** A connection that stays open for as long as it is used, where each request has a deadline of its own. */
import { KctlError } from "../../fault.ts";
import { addressText, type Address } from "../address.ts";
import { withBroker, type Ask } from "./exchange.ts";

/** The longest that a timer of Node's can be set to: weeks. */
const forLong = 2 ** 31 - 1;

/** A login or a request that is not answered in time ends the connection: what comes after it on the same one would be as late. */
export async function withStandingBroker<Result>(
  address: Address,
  signal: AbortSignal,
  requestMs: number,
  use: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const silent = (): void => late.abort(silence(address, requestMs));
  // Who takes the connection may still be silent before anything is asked: in TLS, or while it lets nobody in.
  const opening = setTimeout(silent, requestMs);
  try {
    return await withBroker(address, AbortSignal.any([signal, late.signal]), forLong, (ask) => {
      clearTimeout(opening);
      return use(async (message) => {
        const timer = setTimeout(silent, requestMs);
        try {
          return await ask(message);
        } finally {
          clearTimeout(timer);
        }
      });
    });
  } finally {
    clearTimeout(opening);
  }
}

function silence(address: Address, requestMs: number): KctlError {
  const why = `no answer within ${requestMs / 1000} s`;
  return new KctlError(
    { code: "kafka-unreachable", what: `${addressText(address)}: ${why}`, where: addressText(address) },
    { cause: new Error(why) },
  );
}

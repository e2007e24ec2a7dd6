/** Why a TCP connection failed, in words that a user can act on. */

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ENOTFOUND: "its name cannot be resolved",
  EAI_AGAIN: "its name cannot be resolved just now",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  ETIMEDOUT: "the connection timed out",
  EADDRNOTAVAIL: "this machine has no address to reach it from",
  EACCES: "a firewall of this machine forbids it",
  EPERM: "a firewall of this machine forbids it",
};

export function socketTrouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // "localhost" may try several addresses: the error is then an AggregateError with the code of the first.
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return words[code] ?? (error.message === "" ? code : error.message);
}

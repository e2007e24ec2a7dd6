/** Whether an error is no more than that a signal ended what ran: its reason, or what Node's timers make of it. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

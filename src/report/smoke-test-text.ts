/** How a smoke test ended, in one line. */
export function smokeTestText(ok: boolean, checks: readonly { readonly ok: boolean }[]): string {
  return `Smoke test ${ok ? "passed" : "failed"}: ${checks.filter((check) => check.ok).length} of ${checks.length} checks.`;
}

/** How a smoke test ended, in one line. */
type Ended = {
  readonly ok: boolean;
  readonly checks: readonly { readonly ok: boolean }[];
  readonly seconds: number;
  readonly waited: number;
};

export function smokeTestText({ ok, checks, seconds, waited }: Ended): string {
  const passed = checks.filter((check) => check.ok).length;
  const waits = waited < 0.05 ? "" : `, ${waited.toFixed(1)} s of it waiting for group coordinators`;
  return `Smoke test ${ok ? "passed" : "failed"}: ${passed} of ${checks.length} checks in ${seconds.toFixed(1)} s${waits}.`;
}

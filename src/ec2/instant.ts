/* oxlint-disable no-restricted-globals -- it reads and writes moments that it is given, and asks no clock */
/** Moments as tags have them: ISO, to the second. */

/** In milliseconds since 1970; null where the text is no moment. */
export function readInstant(text: string | undefined): number | null {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? null : at;
}

export function instant(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

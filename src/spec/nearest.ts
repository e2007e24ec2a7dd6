/** The known word that somebody most likely meant. */

/** Letters added, left out, changed or swapped with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** `identity_file`, `identity-file` and `IdentityFile` are one word. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, "");
}

/**
 * Null where nothing is near enough to be worth a guess: at most a third of the letters differ.
 * @param most how many letters may differ whatever the length
 */
export function nearest(word: string, known: Iterable<string>, most = Infinity): string | null {
  const wanted = plain(word.slice(0, 80));
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const other = plain(candidate);
    // The start of a short word is as good as a slip of the finger.
    const begun = most === Infinity && wanted.length >= 3 && other.startsWith(wanted);
    const far = begun ? 1 : distance(wanted, other);
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    if (far <= allowed && far <= most && far < bestDistance && far < other.length) {
      best = candidate;
      bestDistance = far;
    }
  }
  return best;
}

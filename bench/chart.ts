/** Bars that show pairs of durations, as an SVG. */
export type Bar = { readonly what: string; readonly other: number; readonly kctl: number };

const width = 720;
const left = 16;
const rowHeight = 78;

/** Seconds; `other` is the bare script's. */
export function chart(bars: readonly Bar[]): string {
  const longest = Math.max(...bars.flatMap(({ other, kctl }) => [other, kctl]));
  const scale = (seconds: number): number => Math.max(2, (seconds / longest) * (width - left - 170));
  const bar = (y: number, seconds: number, colour: string, name: string): string =>
    `<rect x="${left}" y="${y}" width="${scale(seconds).toFixed(1)}" height="18" rx="3" fill="${colour}"/>` +
    `<text x="${(left + scale(seconds) + 8).toFixed(1)}" y="${y + 13.5}">${name} ${seconds.toFixed(1)} s</text>`;
  const rows = bars.map(({ what, other, kctl }, index) => {
    const top = 12 + index * rowHeight;
    return `<text x="${left}" y="${top + 12}" font-weight="600">${what}</text>${bar(top + 22, other, "#9aa4b2", "shell script")}${bar(top + 44, kctl, "#2f7ed8", "kctl up")}`;
  });
  const height = 12 + bars.length * rowHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#1f2937"><rect width="${width}" height="${height}" fill="#ffffff"/>${rows.join("")}</svg>\n`;
}

/** Times and sizes in few letters. */

/** `2.5 s`, `42 s`, `3 min 20 s`. */
export function timeText(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 99.5) return `${seconds.toFixed(0)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes >= 60) {
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
  }
  return `${minutes} min ${Math.round(seconds) % 60} s`;
}

export function byteText(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KiB`;
  const mebibytes = bytes / 1024 / 1024;
  return `${mebibytes < 9.95 ? mebibytes.toFixed(1) : mebibytes.toFixed(0)} MiB`;
}

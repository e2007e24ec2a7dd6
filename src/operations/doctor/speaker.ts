/** What a port is that is not Kafka's, by the first bytes that it says. */

/** `silent`: it took the connection and said nothing; `closed`: it ended it without a word. */
export type Speaker = "kafka" | "http" | "tls" | "ssh" | "other" | "silent" | "closed";

/** @param asked the correlation id of the request that was sent */
export function speakerOf(said: Buffer, asked: number, ended: boolean): Speaker {
  if (said.length === 0) return ended ? "closed" : "silent";
  const text = said.toString("latin1");
  if (/^HTTP\/[0-9]/.test(text) || /^<(?:!doctype )?html/i.test(text)) return "http";
  if (text.startsWith("SSH-")) return "ssh";
  // An alert or a handshake of TLS: its type, then version 3.x.
  if ((said[0] === 0x15 || said[0] === 0x16) && said[1] === 0x03) return "tls";
  return said.length >= 8 && said.readInt32BE(4) === asked ? "kafka" : "other";
}

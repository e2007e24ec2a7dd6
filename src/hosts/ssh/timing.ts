/** How long kctl waits for hosts, and how often it knocks. Tests make it faster. */

export type Timing = {
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
  /** Between two attempts to connect to one host, at the least. */
  readonly knockMs: number;
  /** The longest pause between attempts. */
  readonly longestKnockMs: number;
  /** After the host refused the user: sshd counts that, and bans who does it too often. */
  readonly refusedKnockMs: number;
  /** How long a host that turns connections away is tried. */
  readonly turnedAwayMs: number;
};

export const usualTiming: Timing = {
  keepaliveMs: 15_000,
  keepaliveCount: 3,
  knockMs: 1000,
  longestKnockMs: 8000,
  refusedKnockMs: 6000,
  turnedAwayMs: 40_000,
};

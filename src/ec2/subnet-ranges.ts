/** Cuts a network's range into one for each zone. */

/** EC2's smallest subnet (Amazon VPC User Guide, "Subnet sizing"). */
const smallest = 28;

/**
 * Of equal size, from the beginning, each a sixteenth of the network or less where there are more zones.
 * @param cidr IPv4, without host bits
 */
export function subnetRanges(cidr: string, count: number): readonly string[] {
  const [address = "", bits = ""] = cidr.split("/");
  const more = Math.max(4, Math.ceil(Math.log2(Math.max(1, count))));
  const length = Math.min(Number(bits) + more, smallest);
  const base = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return Array.from({ length: count }, (_, index) => {
    const start = base + index * 2 ** (32 - length);
    const parts = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
    return `${parts.join(".")}/${length}`;
  });
}

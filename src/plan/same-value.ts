/** Whether two spellings of a setting's value are one to Kafka. */

/** Kafka gives values back as it understood them: 0.50 as 0.5, "a, b" as "a,b". Told apart by text, they would be set for ever. null: no value. */
export function sameValue(one: string | null, other: string | null): boolean {
  return one === other || (one !== null && other !== null && plain(one) === plain(other));
}

function plain(value: string): string {
  return value
    .split(",")
    .map((part) => part.trim())
    .map((part) => {
      if (/^[+-]?\d+$/.test(part)) return String(BigInt(part.replace("+", "")));
      if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part)) return String(Number(part));
      return /^(true|false)$/i.test(part) ? part.toLowerCase() : part;
    })
    .join(",");
}

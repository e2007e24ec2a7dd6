/** What stands in plans and rendered files for what only `up` will know: an id or an address of what it is to make. */
export const knownAfterUp = "<known after up>";

/** Whether a text has no such hole. */
export function isKnown(text: string): boolean {
  return !text.includes(knownAfterUp);
}

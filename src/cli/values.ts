/** Values of options that several commands take. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 0.");
  return Number(text);
}

export function fromOne(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 1.");
  return Number(text);
}

/** A text that shells have no good way to write a tab in. */
export function escapesRead(text: string): string {
  if (text === "") throw new InvalidArgumentError("It takes a text that is not empty.");
  return text.replaceAll("\\t", "\t").replaceAll("\\0", "\0");
}

/** Colours for a terminal, or none. */
import { styleText } from "node:util";

export type Paint = (style: "red" | "green" | "yellow" | "cyan" | "dim" | "bold", text: string) => string;

export const plainPaint: Paint = (_, text) => text;

export const colourPaint: Paint = (style, text) => styleText(style, text, { validateStream: false });

// What a person or a script reads of a command: plain lines, or one JSON document with --json. Never colours, never a spinner.

export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** The text without what looks like a secret; for words that repeat what was typed. */
  redact(text: string): string;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** true: a person reads what goes out. */
  isTerminal?: boolean;
  /** All of standard input. */
  readInput(): Promise<string>;
}

/** A command's result: the JSON of --json, and the same in lines. */
export interface Result {
  json: unknown;
  lines: readonly string[];
  /** false: exit 1 although nothing was thrown, e.g. a doctor with findings. */
  good?: boolean;
}

export const say = (json: unknown, ...lines: string[]): Result => ({ json, lines });

/** Columns under their names, as wide as their widest cell. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = names.map((name, at) => Math.max(name.length, ...rows.map((row) => (row[at] ?? '').length)));
  const write = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [write(names), ...rows.map(write)];
}

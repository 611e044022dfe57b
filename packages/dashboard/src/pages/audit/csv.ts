// Rows as CSV (RFC 4180), in which nothing is a formula to a spreadsheet. Pure.

/** What a spreadsheet would take for a formula, also behind spaces; a leading apostrophe makes it text. */
const FORMULA = /^\s*[=+\-@\t\r]/;

function cell(value: string): string {
  const guarded = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

export const csvLine = (values: readonly string[]): string => `${values.map(cell).join(',')}\r\n`;

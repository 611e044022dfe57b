// Figures as people of a language write them.

export const count = (value: number, language: string): string => new Intl.NumberFormat(language).format(value);

export const share = (part: number, whole: number, language: string): string =>
  new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(
    whole === 0 ? 0 : part / whole,
  );

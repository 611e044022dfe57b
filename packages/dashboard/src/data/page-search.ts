// What a page keeps in its address beside the place: filters and choices, so that a link leads to the same view.

import { useNavigate, useSearch } from '@tanstack/react-router';

/** The text of each name that is there. Values come from an address that anybody may have written: judge them. */
export function usePageSearch<Name extends string>(names: readonly Name[]) {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const known = Object.fromEntries(
    names.flatMap((name) => {
      const value = search[name];
      return value === undefined || value === null || value === '' ? [] : [[name, String(value)]];
    }),
  ) as Partial<Record<Name, string>>;
  const change = (next: Partial<Record<Name, string | undefined>>) =>
    void navigate({ to: '.', search: (before: object) => ({ ...before, ...next }), replace: true } as never);
  return [known, change] as const;
}

// Cookies by name, in the header of a request and in those of an answer.

/** true: the header of a request has a cookie of that name. */
export const namesCookie = (header: string | undefined, name: string): boolean =>
  header?.split(';').some((part) => part.trimStart().startsWith(`${name}=`)) ?? false;

/** The value of a request's cookie as it came. */
export const cookieValue = (header: string | undefined, name: string): string | null =>
  header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? null;

const sets = (cookie: string, name: string): boolean => cookie.startsWith(`${name}=`);

/** What an answer's cookies leave under a name: the last one counts. null: nothing, or that it is to be forgotten. */
export function cookieOf(cookies: readonly string[], name: string): string | null {
  const last = cookies.filter((cookie) => sets(cookie, name)).at(-1);
  const value = last?.split(';', 1)[0]?.slice(name.length + 1) ?? '';
  return value === '' ? null : value;
}

/** The cookies of an answer without those that would set one of that name to anything. */
export const withoutCookie = (cookies: readonly string[], name: string): string[] =>
  cookies.filter((cookie) => !sets(cookie, name) || cookie.startsWith(`${name}=;`));

/** Has a browser forget one of ours. */
export const forgotten = (name: string): string => `${name}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`;

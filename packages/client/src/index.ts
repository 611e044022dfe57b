// The public surface of @latchkey/client; it imports nothing from outside this package.
export {};

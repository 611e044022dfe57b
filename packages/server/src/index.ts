// The public surface of @latchkey/server: importing it starts nothing.
export {};

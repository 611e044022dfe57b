// English words for refusals whose own words are for programs. All others are told as the server says them.

export const errors = {
  unauthenticated: 'Your session has ended. Sign in again.',
  csrf_refused: 'This page has grown too old to change anything. Load it anew, then try again.',
};

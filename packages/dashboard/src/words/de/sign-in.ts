// German words of src/pages/sign-in.

import type { signIn as source } from '../en/sign-in';
import type { Words } from '../words';

export const signIn: Words<typeof source> = {
  title: 'Anmelden',
};

// German words of src/pages/account.

import type { account as source } from '../en/account';
import type { Words } from '../words';

export const account: Words<typeof source> = {
  title: 'Konto',
};

// English words of src/pages/account.

export const account = {
  title: 'Account',
};

// English words of src/pages/sign-in.

export const signIn = {
  title: 'Sign in',
};

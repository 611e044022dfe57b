// English words of src/pages/usage.

export const usage = {
  title: 'Usage',
};

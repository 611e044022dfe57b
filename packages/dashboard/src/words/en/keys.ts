// English words of src/pages/keys.

export const keys = {
  title: 'API keys',
};

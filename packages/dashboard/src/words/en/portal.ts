// English words of src/pages/portal.

export const portal = {
  title: 'API keys',
};

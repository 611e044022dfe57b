// English words of src/pages/docs.

export const docs = {
  title: 'Docs',
};

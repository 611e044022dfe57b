// English words of src/pages/docs.

export const docs = {
  title: 'Docs',
  text: 'How to call this API with a key, from the rules in force now.',
  onThisPage: 'On this page',
  copyPage: 'Copy as Markdown',
};

// English words of src/pages/organizations.

export const organizations = {
  title: 'Organizations',
  text: 'The customers of this installation. Each has members, projects and keys of its own.',
  name: 'Name',
  nameHelp: 'Your customer. Invite its first owner next.',
  id: 'ID',
  keys: 'API keys',
  create: 'Create organization',
  created: '{{name}} was created. Invite its first owner here.',
  none: 'No organizations yet',
  noneText: 'Create one for each customer, then invite its owner.',
};

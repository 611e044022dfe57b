// English words of src/pages/overview.

export const overview = {
  title: 'Overview',
  text: 'Welcome, {{name}}. This is the whole installation.',
  requests: 'Requests, 24 hours',
  refused: 'Refused, 24 hours',
  newest: 'Newest organizations',
  changes: 'Latest changes',
  all: 'Show all',
  firstSteps: 'First steps',
  steps: {
    organization: { title: 'Create an organization', text: 'for your first customer, or for yourself.' },
    owner: { title: 'Invite its owner', text: 'by e-mail, or with a link that you hand over.' },
    key: { title: 'Create an API key', text: 'and copy it: it is shown once.' },
    docs: { title: 'Make the first call', text: 'with the samples of the docs.' },
  },
};

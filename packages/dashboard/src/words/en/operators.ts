// English words of src/pages/operators.

export const operators = {
  title: 'Operators',
  text: 'People who see and change everything in this installation.',
  since: 'Account since',
  invite: 'Invite an operator',
  inviteText: 'An operator sees all organizations, keys and entries, and may change all of them.',
  removeTitle: 'Remove {{name}} from the operators?',
  removeText: 'They keep their account and what they are a member of, and lose all other access at once.',
  revokeTitle: 'Revoke these root keys',
  revokeText:
    '{{name}} was removed, but made these root keys, or the keys that made them. They work until they are revoked; first give the machines that use them another.',
  revokeKey: 'Revoke',
  keyRevoked: 'Revoked',
};

// English words of src/pages/members.

export const members = {
  title: 'Members',
};

// English words of src/pages/organizations.

export const organizations = {
  title: 'Organizations',
};

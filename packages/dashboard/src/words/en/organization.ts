// English words of src/pages/organization.

export const organization = {
  title: 'Organization',
};

// English words of src/pages/tiers.

export const tiers = {
  title: 'Tiers',
};

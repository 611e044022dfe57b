// English words of src/pages/audit.

export const audit = {
  title: 'Audit log',
};

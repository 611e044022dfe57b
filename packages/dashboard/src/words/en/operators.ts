// English words of src/pages/operators.

export const operators = {
  title: 'Operators',
};

// English words of src/pages/projects.

export const projects = {
  title: 'Projects',
};

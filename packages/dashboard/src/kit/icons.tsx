// The few icons of the dashboard, drawn in one stroke. They only decorate: what they stand for is always written beside them.

import type { ReactNode } from 'react';

const icon = (shape: ReactNode) =>
  function Icon({ size = 18 }: { size?: number }) {
    return (
      <svg
        aria-hidden="true"
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.7}
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        {shape}
      </svg>
    );
  };

const path = (d: string) => icon(<path d={d} />);

export const Key = icon(
  <>
    <circle cx="8" cy="12" r="4" />
    <path d="M12 12h9v3.5M17.5 12v2.5" />
  </>,
);
export const Book = path('M5 4.5h11a3 3 0 0 1 3 3v12H8a3 3 0 0 1-3-3zM5 16.5a3 3 0 0 1 3-3h11');
export const Chart = path('M4 20h16M7 16v-4M12 16V6M17 16v-7');
export const List = path('M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01');
export const Layers = path('M12 4l8 4.2-8 4.2-8-4.2zM4 12.4l8 4.2 8-4.2M4 16.4l8 4.2 8-4.2');
export const Building = path('M5 20V5h9v15M14 10h5v10M3.5 20h17M8 9h3M8 13h3');
export const Shield = path('M12 3.5l7 2.6v5.4c0 4.3-2.9 7.3-7 9-4.1-1.7-7-4.7-7-9V6.1zM9 12l2.2 2.2L15.2 10');
export const Cog = path('M4 7h8M16 7h4M4 17h3M11 17h9M14 4.8v4.4M9 14.8v4.4');
export const People = icon(
  <>
    <circle cx="9" cy="8.5" r="3.2" />
    <path d="M3.5 19c.5-3.4 2.6-5 5.5-5s5 1.6 5.5 5M15.5 5.6a3.2 3.2 0 0 1 0 5.8M17 14.3c2 .6 3.2 2.2 3.5 4.7" />
  </>,
);
export const Person = icon(
  <>
    <circle cx="12" cy="8.5" r="3.5" />
    <path d="M5 20c.6-4 3.2-6 7-6s6.4 2 7 6" />
  </>,
);
export const Folder = path('M4 7.5a2 2 0 0 1 2-2h3.5l2 2.5H18a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z');
export const Check = path('M5 12.5l4.5 4.5L19 7.5');
export const Chevron = path('M8 10l4 4 4-4');
/** Of something that opens and closes. */
export const Toggle = ({ isOpen, size }: { isOpen: boolean; size?: number }) => (
  <span style={{ display: 'inline-flex', transform: isOpen ? 'rotate(180deg)' : undefined }}>
    <Chevron size={size} />
  </span>
);
export const Copy = path('M9 9h10v10H9zM15 9V5H5v10h4');
export const Alert = path('M12 4l9 16H3zM12 10v4.5M12 17.5h.01');
export const Plus = path('M12 5v14M5 12h14');
export const Search = path('M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20 20');
export const Dots = icon(
  <g fill="currentColor" stroke="none">
    <circle cx="6" cy="12" r="1.7" />
    <circle cx="12" cy="12" r="1.7" />
    <circle cx="18" cy="12" r="1.7" />
  </g>,
);
export const Eye = path(
  'M3 12c2.2-4 5.2-6 9-6s6.8 2 9 6c-2.2 4-5.2 6-9 6s-6.8-2-9-6zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
);
export const EyeOff = path(
  'M4 4l16 16M9.5 6.3A10 10 0 0 1 12 6c3.8 0 6.8 2 9 6a16 16 0 0 1-2.5 3.3M6.3 8.3A15 15 0 0 0 3 12c2.2 4 5.2 6 9 6 1.3 0 2.5-.2 3.6-.7',
);
export const Trash = path('M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5');
export const Rotate = path(
  'M4.5 12a7.5 7.5 0 0 1 13-5.1L20 9.5M20 4.5v5h-5M19.5 12a7.5 7.5 0 0 1-13 5.1L4 14.5M4 19.5v-5h5',
);
export const Download = path('M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14');
export const Minus = path('M6 12h12');
export const Clock = path('M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4.5l3 2');
export const Cross = path('M6 6l12 12M18 6L6 18');
export const Pause = path('M9 6v12M15 6v12');
export const Fingerprint = path(
  'M7 18c1-2 1.5-3.8 1.5-6a3.5 3.5 0 0 1 7 0c0 2.8-.5 5-1.6 7.5M12 12c0 3-.6 5.4-1.9 8M5 14.5c.3-.8.4-1.6.4-2.5a6.6 6.6 0 0 1 13.2 0c0 1.8-.1 3.3-.5 5M6 6.5A8.5 8.5 0 0 1 12 4c2.4 0 4.5 1 6 2.5',
);
export const Pencil = path('M4.5 19.5l1-4.2L16 4.8l3.2 3.2L8.7 18.5zM13.8 7l3.2 3.2');
export const Gauge = path('M4.5 17a8.5 8.5 0 1 1 15 0M12 15l4-5.5M12 15h.01');

// How the dashboard looks: one accent, the system's own type, and greys that stay readable in light and dark.

import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const accent: MantineColorsTuple = [
  '#ecf8f4',
  '#d5efe6',
  '#a8dfcb',
  '#76cdad',
  '#4dbf95',
  '#2fae82',
  '#149170',
  '#0c7a5d',
  '#086650',
  '#054d3c',
];

const dark: MantineColorsTuple = [
  '#e3e8eb',
  '#c0c8cd',
  '#a3adb4',
  '#7a858d',
  '#3b444b',
  '#303840',
  '#252c33',
  '#1b2127',
  '#14191e',
  '#0e1216',
];

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';
const MONO = 'ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace';

/** A title may take two lines; a field that gets the focus is not hidden by the buttons at the lower edge. */
const DIALOG = { title: { fontWeight: 650, lineHeight: 1.35 }, content: { scrollPaddingBottom: 88 } };

export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: 'accent',
  primaryShade: { light: 8, dark: 7 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: FONT,
  fontFamilyMonospace: MONO,
  headings: {
    fontFamily: FONT,
    fontWeight: '650',
    textWrap: 'balance',
    sizes: {
      h1: { fontSize: '1.5rem', lineHeight: '1.3' },
      h2: { fontSize: '1.125rem', lineHeight: '1.4' },
      h3: { fontSize: '1rem', lineHeight: '1.45' },
    },
  },
  components: {
    Paper: { defaultProps: { radius: 'lg' } },
    Card: { defaultProps: { radius: 'lg' } },
    Modal: { defaultProps: { radius: 'lg', centered: true, padding: 'lg' }, styles: DIALOG },
    // A menu has items alone, for who hears it.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    // A `header` would be one of the page, beside the real one.
    ModalHeader: { defaultProps: { component: 'div' } },
    Drawer: { defaultProps: { padding: 'lg' }, styles: DIALOG },
    DrawerHeader: { defaultProps: { component: 'div' } },
    Fieldset: { styles: { root: { margin: 0 }, legend: { fontWeight: 600 } } },
    // On a phone, more than fit are reached by scrolling.
    Tabs: {
      styles: {
        list: { flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' },
        tab: { flex: 'none', whiteSpace: 'nowrap' },
      },
    },
    // Seen on the page as well as on a card.
    SegmentedControl: {
      styles: {
        root: { backgroundColor: 'light-dark(#e8eceb, var(--mantine-color-dark-6))' },
        indicator: { backgroundColor: 'light-dark(var(--mantine-color-white), var(--mantine-color-dark-4))' },
      },
    },
  },
});

/** On dark ground, a tint of the colour in place of Mantine's near-black. */
const tint = (color: string) => ({
  [`--mantine-color-${color}-light`]: `color-mix(in srgb, var(--mantine-color-${color}-4) 15%, transparent)`,
  [`--mantine-color-${color}-light-hover`]: `color-mix(in srgb, var(--mantine-color-${color}-4) 22%, transparent)`,
  [`--mantine-color-${color}-light-color`]: `var(--mantine-color-${color}-2)`,
});

/** Text that Mantine would draw too faint for a ratio of 4.5 to 1. */
export const cssVariables: CSSVariablesResolver = () => ({
  // No last line of one word.
  variables: { '--mantine-text-wrap': 'pretty' },
  light: {
    '--page-background': '#f6f8f7',
    '--mantine-color-text': '#171c20',
    '--mantine-color-dimmed': '#56616a',
    '--mantine-color-placeholder': '#69747c',
    '--mantine-color-error': '#b42318',
    '--mantine-color-anchor': '#086650',
    '--mantine-color-orange-light-color': '#9a3412',
    '--mantine-color-gray-light': '#e8eceb',
  },
  dark: {
    '--page-background': '#14191e',
    '--mantine-color-body': '#1b2127',
    '--mantine-color-text': '#e3e8eb',
    '--mantine-color-dimmed': '#a3adb4',
    '--mantine-color-placeholder': '#8d989f',
    '--mantine-color-error': '#ff9a91',
    '--mantine-color-anchor': '#76cdad',
    ...Object.assign({}, ...['accent', 'gray', 'red', 'orange', 'blue', 'yellow', 'green'].map(tint)),
  },
});

/** The nonce of this page: the server's policy lets only styles with it in. */
export const styleNonce = () => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

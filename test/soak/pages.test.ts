// Every page and state under axe in all four looks: wide and narrow, light and dark.

import { describePages } from '../browser/pages.suite.js';

describePages({ isThorough: true });

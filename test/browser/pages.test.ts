// Every page and state under axe, wide and light, narrow and dark. All four looks of each: test/soak/pages.test.ts.

import { describePages } from './pages.suite.js';

describePages({ isThorough: false });

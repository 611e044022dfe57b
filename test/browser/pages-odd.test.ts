// Every second page and state under axe, wide and light, narrow and dark; the others: pages-even.test.ts. All four looks of each: test/soak/pages.test.ts.

import { describePages } from './pages.suite.js';

describePages({ only: 'odd' });

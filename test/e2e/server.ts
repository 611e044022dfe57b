// A Latchkey process for tests: what is still running when the tests of a file are over is ended, also after one that failed.

import { afterAll } from 'vitest';
import { endAll } from './process.js';

export * from './process.js';

afterAll(endAll);

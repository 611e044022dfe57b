// Guarantee of referrer restrictions: a page that only looks like an allowed one gets nothing, whatever it can make a browser send.

import { expect, it } from 'vitest';
import { rigsOfEachTest } from '../../packages/server/src/gateway/rig.suite.js';
import { sendAll } from './attack.js';

const start = rigsOfEachTest();
const ALLOWED = ['https://good.example', 'https://*.shop.example', 'http://localhost:3000'];

/** Read by hand: an origin as browsers write it, then held against the list. */
function isAllowed(origin: string): boolean {
  if (origin === 'https://good.example' || origin === 'http://localhost:3000') return true;
  return /^https:\/\/(?:[a-z0-9-]+\.)+shop\.example$/.test(origin);
}

/** Origins of pages that somebody else may own, or that no list names. */
const LOOK_ALIKES = [
  ...[
    'http://good.example',
    'https://good.example.evil.example',
    'https://evilgood.example',
    'https://good.example.',
    'https://good-example',
  ],
  ...[
    'https://goodXexample',
    'https://good.example:8443',
    'https://good.example:80',
    'https://www.good.example',
    'https://good.example@evil.example',
  ],
  ...[
    'https://evil.example@good.example:1',
    'https://evil.example\\@good.example',
    'https://evil.example\\.good.example',
    'https://evil.example#good.example',
  ],
  ...[
    'https://evil.example?good.example',
    'https://evil.example/good.example',
    'https://evil.example;good.example',
    'https://evil.example,good.example',
  ],
  ...[
    'https://xn--gd-ejaa.example',
    'https://g\u043e\u043ed.example',
    'https://goo\u0501.example',
    'https://good.example%00.evil.example',
    'https://good.example%2eevil.example',
  ],
  ...[
    'https://shop.example',
    'https://.shop.example',
    'https://evilshop.example',
    'https://a.shop.example.evil.example',
    'http://a.shop.example',
  ],
  ...[
    'https://a.shop.example:8443',
    'https://a.shop.example@evil.example',
    'https://evil.example/a.shop.example',
    'https://evil.example?.shop.example',
    'https://evil.example#.shop.example',
  ],
  ...[
    'http://localhost',
    'http://localhost:30000',
    'http://localhost:300',
    'https://localhost:3000',
    'http://localhost.evil.example:3000',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
  ],
  ...[
    'null',
    '',
    '*',
    'https://',
    'https:',
    '//good.example',
    'good.example',
    'file://',
    'file:///good.example',
    'data:text/html,good.example',
    'about:blank',
  ],
  ...[
    'blob:https://good.example/1',
    'view-source:https://good.example',
    'javascript:https://good.example',
    'ftp://good.example',
    'ws://good.example',
    'chrome-extension://good.example',
  ],
];

it('0 look-alikes pass, as Origin or as Referer, alone, together, or beside a good one', async () => {
  let reached = 0;
  const rig = await start({
    upstream: (_, res) => {
      reached++;
      res.end();
    },
    adapt: (profile) => ({
      ...profile,
      policy: { ...profile.policy, limits: { perMinute: null, perDay: null, concurrent: null } },
    }),
  });
  const { secret } = await rig.key({ restrictions: { referrers: ALLOWED } });
  const request = (lines: readonly string[]): string =>
    ['GET /v1/else HTTP/1.1', 'Host: x', `Authorization: Bearer ${secret}`, ...lines, 'Connection: close', '', ''].join(
      '\r\n',
    );

  expect(LOOK_ALIKES.filter(isAllowed)).toEqual([]);
  const GOOD = 'https://good.example';
  const ways: ((bad: string) => string[])[] = [
    (bad) => [`Origin: ${bad}`],
    (bad) => [`Referer: ${bad}`],
    (bad) => [`Referer: ${bad}/`],
    (bad) => [`Referer: ${bad}/${GOOD}/`],
    (bad) => [`Referer: ${bad}/?${GOOD}`],
    (bad) => [`Origin: ${bad}`, `Referer: ${bad}/page`],
    // The page's own word is its Origin: no Referer makes up for a bad one.
    (bad) => [`Origin: ${bad}`, `Referer: ${GOOD}/`],
    (bad) => [`Origin: ${bad}`, `Origin: ${GOOD}`],
    (bad) => [`Origin: ${GOOD}`, `Origin: ${bad}`],
    (bad) => [`Origin: ${GOOD}/`, `Origin: ${bad}`],
    (bad) => [`Origin: ${GOOD}, ${bad}`],
    (bad) => [`Origin: ${GOOD} ${bad || 'x'}`],
    (bad) => [`Referer: ${bad}`, `Referer: ${GOOD}/`],
    (bad) => [`Referer: ${GOOD}/`, `Referer: ${bad}`],
    (bad) => [`Referrer: ${GOOD}`, `X-Origin: ${GOOD}`, `Referer: ${bad}`],
    (bad) => [`Sec-Fetch-Site: same-origin`, 'X-Forwarded-Host: good.example', `Origin: ${bad}`],
  ];
  const attacks = LOOK_ALIKES.flatMap((bad) => ways.map((way) => way(bad)));
  const none = [
    [],
    ['Origin: null'],
    ['Origin: null', `Referer: ${GOOD}/`],
    [`Origin: ${GOOD}/path`],
    [`Origin: ${GOOD}/`],
  ];
  const answers = await sendAll(
    rig.port,
    [...attacks, ...none].map((lines) => request(lines.map(latin))),
  );
  const passed = [...attacks, ...none].filter((_, at) => !/^HTTP\/1\.1 40[03] /.test(answers[at] ?? ''));
  console.log(`referrers: ${passed.length} of ${answers.length} look-alikes passed`);
  expect(passed).toEqual([]);
  expect(reached).toBe(0);

  const good = [
    ...[
      GOOD,
      'https://a.shop.example',
      'https://a.b.shop.example',
      'http://localhost:3000',
      'HTTPS://GOOD.EXAMPLE',
      'https://good.example:443',
    ].flatMap((origin) => [[`Referer: ${origin}/page?x#y`], [`Referer: ${origin}`]]),
    ...[GOOD, 'https://a.shop.example', 'http://localhost:3000'].map((origin) => [`Origin: ${origin}`]),
    [`Origin: ${GOOD}`, 'Referer: https://evil.example/'],
  ];
  const welcome = await sendAll(rig.port, good.map(request));
  expect(welcome.map((answer) => answer.slice(0, 12))).toEqual(good.map(() => 'HTTP/1.1 200'));
});

/** As bytes of UTF-8 on the wire. */
const latin = (line: string): string => Buffer.from(line).toString('latin1');

// Guarantee of address restrictions: nobody writes himself another address, wherever and however he writes it, and ranges are exact.

import { describe, expect, it } from 'vitest';
import { type Rig, type RigOptions, rigsOfEachTest } from '../../packages/server/src/gateway/rig.suite.js';
import { type Random, randomOf, seeds } from '../e2e/random.js';
import { sendAll } from './attack.js';

const start = rigsOfEachTest();
const [SEED = 1] = seeds(1);
console.log(`addresses: LATCHKEY_SEED=${SEED}`);

const ALLOWED = '203.0.113.7';
const ALLOWED_V6 = '2001:db8::7';
/** Who really asks. */
const ATTACKER = '198.51.100.9';
/** The second trusted hop. */
const INNER = '10.1.1.1';

const SPELLED = [
  ...[
    ALLOWED,
    `::ffff:${ALLOWED}`,
    '::ffff:cb00:7107',
    `[::ffff:${ALLOWED}]`,
    `::FFFF:${ALLOWED}`,
    `0:0:0:0:0:ffff:${ALLOWED}`,
  ],
  ...[
    `${ALLOWED}:80`,
    `"${ALLOWED}"`,
    `${ALLOWED}%eth0`,
    ` ${ALLOWED} `,
    `\t${ALLOWED}`,
    `${ALLOWED}.`,
    `${ALLOWED}/32`,
  ],
  ...['0313.0.0161.07', '0xcb.0x0.0x71.0x7', '0xcb007107', '3405803783', '203.0.28935', '203.28935', '203.000.113.007'],
  ...[
    ALLOWED_V6,
    ALLOWED_V6.toUpperCase(),
    `[${ALLOWED_V6}]`,
    `[${ALLOWED_V6}]:443`,
    `${ALLOWED_V6}%1`,
    '2001:0db8:0000:0000:0000:0000:0000:0007',
  ],
  ...[
    `for=${ALLOWED}`,
    `for="[${ALLOWED_V6}]"`,
    'localhost',
    '127.0.0.1',
    '::1',
    '10.0.0.5',
    'unknown',
    '_hidden',
    '',
    '-',
  ],
];
const OTHER_HEADERS = [
  ...[
    'X-Real-IP',
    'X-Client-IP',
    'CF-Connecting-IP',
    'True-Client-IP',
    'X-Cluster-Client-IP',
    'Fastly-Client-IP',
    'X-Forwarded',
  ],
  ...[
    'Forwarded-For',
    'X_Forwarded_For',
    'X.Forwarded.For',
    'X-Forwarded-For-Original',
    'X-Original-Forwarded-For',
    'X-ProxyUser-Ip',
  ],
  ...[
    'Client-IP',
    'X-Remote-IP',
    'X-Remote-Addr',
    'X-Originating-IP',
    'X-Host',
    'Via',
    'X-Envoy-External-Address',
    'X-Azure-ClientIP',
  ],
];

const HOPS: Record<string, { trusted: string[]; appended: string[] }> = {
  'no trusted proxy': { trusted: [], appended: [] },
  'one trusted proxy': { trusted: ['127.0.0.1'], appended: [ATTACKER] },
  'two trusted proxies': { trusted: ['127.0.0.1', '10.0.0.0/8'], appended: [ATTACKER, INNER] },
};

async function rigWith(trusted: string[], seen: string[]): Promise<Rig> {
  const options: RigOptions = {
    upstream: (req, res) => {
      seen.push(req.url ?? '');
      res.writeHead(200, { 'content-length': '2' }).end('ok');
    },
    gateway: { trustedProxies: trusted },
    adapt: (profile) => ({
      ...profile,
      policy: { ...profile.policy, limits: { perMinute: null, perDay: null, concurrent: null } },
    }),
  };
  return start(options);
}

/** Headers that somebody sends who is not where he says, and the proxies behind him. */
function spoofs(spelled: string, appended: readonly string[]): string[][] {
  const behind = appended.length === 0 ? '' : `, ${appended.join(', ')}`;
  const line = (text: string): string => `X-Forwarded-For: ${text}`;
  const forwarded = appended.length === 0 ? [] : [line(appended.join(', '))];
  return [
    [line(spelled + behind)],
    [line(`${spelled}, ${spelled}${behind}`)],
    [line(`${spelled}, 192.0.2.1${behind}`)],
    [line(`192.0.2.1, ${spelled}${behind}`)],
    [line(`10.9.9.9, ${spelled}, 10.9.9.9${behind}`)],
    [line(`, ,${spelled},${behind}`)],
    [line(spelled), ...(appended.length === 0 ? [line(spelled)] : [line(appended.join(', '))])],
    [line(spelled), line(spelled), ...appended.map(line)],
    [`x-forwarded-for: ${spelled}`, `Forwarded: for=${spelled}`, ...appended.map((hop) => `X-FORWARDED-FOR: ${hop}`)],
    [`Forwarded: for=${spelled};proto=https, for=${spelled}`, ...forwarded],
    ...OTHER_HEADERS.map((name) => [`${name}: ${spelled}`, ...forwarded]),
  ];
}

describe('a key for two addresses', () => {
  it.each(Object.entries(HOPS))('behind %s: 0 spoofed addresses pass', async (_, { trusted, appended }) => {
    const seen: string[] = [];
    const rig = await rigWith(trusted, seen);
    const { secret } = await rig.key({ restrictions: { ips: [ALLOWED, ALLOWED_V6] } });
    const request = (lines: readonly string[]): string =>
      [
        `GET /v1/else HTTP/1.1`,
        'Host: x',
        `Authorization: Bearer ${secret}`,
        ...lines,
        'Connection: close',
        '',
        '',
      ].join('\r\n');
    const attacks = SPELLED.flatMap((spelled) => spoofs(spelled, appended)).map(request);
    const answers = await sendAll(rig.port, attacks);
    const passed = attacks.filter((attack, at) => !/^HTTP\/1\.1 40[03] /.test(answers[at] ?? '') && attack !== '');
    console.log(
      `addresses: ${passed.length} of ${attacks.length} spoofed requests passed (${trusted.join(', ') || 'no proxy'})`,
    );
    expect(passed).toEqual([]);
    expect(seen).toEqual([]);

    if (trusted.length === 0) return;
    const hops = appended.slice(1);
    const told = [
      ALLOWED,
      `${ALLOWED}:4711`,
      `::ffff:${ALLOWED}`,
      `[${ALLOWED_V6}]:443`,
      '2001:DB8:0::7',
      ` ${ALLOWED}\t`,
    ];
    const good = await sendAll(
      rig.port,
      told.map((hop) => request([`X-Forwarded-For: 1.2.3.4, ${[hop, ...hops].join(', ')}`])),
    );
    expect(good.map((answer) => answer.slice(0, 12))).toEqual(told.map(() => 'HTTP/1.1 200'));
  });

  it('the upstream hears the address that was decided on, last and from nobody else', async () => {
    const heard: string[][] = [];
    const rig = await start({
      upstream: (req, res) => {
        heard.push(req.rawHeaders);
        res.end();
      },
    });
    const { secret } = await rig.key();
    const lines = ['X-Forwarded-For', 'Forwarded', ...OTHER_HEADERS].map((name) => `${name}: ${ALLOWED}`);
    await sendAll(rig.port, [
      `GET /v1/else HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`,
    ]);
    const names =
      heard[0]?.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, '-')) ?? [];
    expect(heard[0]?.[heard[0].indexOf('X-Forwarded-For') + 1]).toBe('127.0.0.1');
    for (const gone of [
      'forwarded',
      'x-real-ip',
      'x-client-ip',
      'cf-connecting-ip',
      'true-client-ip',
      'x-cluster-client-ip',
      'fastly-client-ip',
    ])
      expect(names).not.toContain(gone);
  });
});

/** An address as a number and its width, by hand. */
type Address = { value: bigint; bits: 32 | 128 };
const MAPPED = 0xffff00000000n;

const drawAddress = (draw: Random): Address => {
  const words = (count: number): bigint =>
    Array.from({ length: count }, () => draw.oneOf([0, 1, 0xffff, draw.int(0, 0xffff)])).reduce(
      (sum, word) => sum * 65536n + BigInt(word),
      0n,
    );
  return draw.int(1, 2) === 1 ? { value: words(2), bits: 32 } : { value: words(8), bits: 128 };
};
const dotted = (value: bigint): string => [24n, 16n, 8n, 0n].map((by) => (value >> by) & 255n).join('.');

function spell({ value, bits }: Address, draw: Random): string {
  if (bits === 32) {
    const chance = draw.int(1, 6);
    if (chance === 1) return `::ffff:${dotted(value)}`;
    if (chance === 2) return `0:0:0:0:0:FFFF:${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
    return dotted(value);
  }
  const words = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));
  const style = draw.int(1, 4);
  if (style === 1) return words.map((word) => word.padStart(4, '0')).join(':');
  if (style === 2) return words.join(':').toUpperCase();
  const zero = /(?:^|:)0(?::0)+(?=:|$)/.exec(words.join(':'));
  if (zero === null) return words.join(':');
  const text = words.join(':');
  return `${text.slice(0, zero.index)}::${text.slice(zero.index + zero[0].length).replace(/^:/, '')}`;
}

describe(`ranges, seed ${SEED}`, () => {
  it('are exact at both ends, in every spelling, as a count by hand says', async () => {
    const draw = randomOf(SEED, 'ranges');
    const rig = await rigWith(['127.0.0.1'], []);
    let passed = 0;
    for (let turn = 0; turn < 120; turn++) {
      const network = drawAddress(draw);
      const bits = draw.oneOf([0, 1, 7, 8, 9, 24, 31, network.bits - 1, network.bits, draw.int(0, network.bits)]);
      const length = Math.min(bits, network.bits);
      const size = 1n << BigInt(network.bits - length);
      const first = (network.value / size) * size;
      const spelledNetwork = network.bits === 32 ? dotted(network.value) : spell(network, draw);
      const { secret } = await rig.key({ restrictions: { ips: [`${spelledNetwork}/${length}`] } });
      const most = (1n << BigInt(network.bits)) - 1n;
      const tried = [
        first - 1n,
        first,
        first + size / 2n,
        first + size - 1n,
        first + size,
        drawAddress(draw).value & most,
      ]
        .filter((value) => value >= 0n && value <= most)
        .map((value): Address => ({ value, bits: network.bits }));
      tried.push(drawAddress(draw));
      const texts = tried.map((address) => spell(address, draw));
      const answers = await sendAll(
        rig.port,
        texts.map(
          (text) =>
            `GET /v1/else HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nX-Forwarded-For: 9.9.9.9, ${text}\r\nConnection: close\r\n\r\n`,
        ),
      );
      const due = tried.map(({ value, bits: width }) => {
        // Addresses of v4 written in v6 are those of v4.
        const isMapped = width === 128 && value >> 32n === MAPPED >> 32n;
        const family = isMapped ? 32 : width;
        const plain = isMapped ? value & 0xffffffffn : value;
        return family === network.bits && plain >= first && plain < first + size;
      });
      expect(
        answers.map((answer) => answer.startsWith('HTTP/1.1 200')),
        `${spelledNetwork}/${length}: ${texts}`,
      ).toEqual(due);
      passed += due.filter(Boolean).length;
    }
    expect(passed).toBeGreaterThan(100);
  });
});

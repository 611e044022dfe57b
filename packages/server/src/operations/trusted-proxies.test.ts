// Guarantees of the client address: only named proxies are believed, and nobody can write himself another address.

import { describe, expect, it } from 'vitest';
import { trustedProxies } from './trusted-proxies.js';

const PROXIES = ['10.0.0.0/8', '::1', '2001:db8:ffff::/48', '127.0.0.1'];

describe('the address of a caller', () => {
  it.each<[string, string | undefined, string | undefined, string | null]>([
    ['is the peer without the header', '192.0.2.1', undefined, '192.0.2.1'],
    ['is the peer when the peer is no proxy', '192.0.2.1', '198.51.100.1', '192.0.2.1'],
    ['is the hop before a proxy', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['is the rightmost hop that is no proxy', '10.0.0.1', '203.0.113.9, 198.51.100.1, 10.2.2.2', '198.51.100.1'],
    ['ignores what the caller wrote to the left', '127.0.0.1', '127.0.0.1, 1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['is the leftmost hop when all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['is v4 when mapped into v6', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['believes a proxy that is mapped into v6', '::ffff:10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['may be v6', '::1', '2001:DB8::5', '2001:db8::5'],
    ['leaves out ports', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['leaves out brackets and ports', '10.0.0.1', '[2001:db8::5]:443', '2001:db8::5'],
    ['leaves out zones', 'fe80::1%eth0', undefined, 'fe80::1'],
    ['is unknown behind a hop that is no address', '10.0.0.1', '198.51.100.1, unknown, 10.0.0.2', null],
    ['is unknown behind an empty hop', '10.0.0.1', '198.51.100.1,', null],
    ['is no octal or short form', '10.0.0.1', '0300.0.2.1', null],
    ['is no number', '10.0.0.1', '3221225985', null],
    ['is unknown on a socket without a peer', undefined, '198.51.100.1', null],
  ])('%s', (_, peer, header, expected) => {
    expect(trustedProxies(PROXIES).clientOf(peer, header)).toBe(expected);
  });

  it('is always the peer when no proxy is named', () => {
    expect(trustedProxies([]).clientOf('127.0.0.1', '198.51.100.1')).toBe('127.0.0.1');
  });

  it.each(['', 'localhost', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/8/8', '10', '1.2.3'])(
    'refuses to start with the proxy %j',
    (text) => {
      expect(() => trustedProxies([text])).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
    },
  );
});

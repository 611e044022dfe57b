// The Ed25519 key that signs what the gateway tells an upstream about a caller. Keeping it sealed is the caller's part.

import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { JsonObject, RandomBytes } from '@latchkey/core';

export interface PublicJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  kid: string;
  alg: 'EdDSA';
  use: 'sig';
}

export interface PrincipalKey {
  /** The RFC 7638 thumbprint of the public key. */
  kid: string;
  publicJwk: PublicJwk;
  /** A compact JWS (RFC 7515, EdDSA of RFC 8037) over the claims as they are: issuer, audience and times are the caller's. */
  signJwt(claims: JsonObject): string;
}

/** What stands before the 32 bytes of the seed in an Ed25519 key as PKCS#8 DER (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A new private key as PKCS#8 PEM: secret, to be sealed before it is kept. */
export const makePrincipalKey = (random: RandomBytes): string =>
  createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, random(32)]), format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();

const segment = (value: unknown): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');

export function openPrincipalKey(pem: string): PrincipalKey {
  const privateKey = createPrivateKey(pem);
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (privateKey.asymmetricKeyType !== 'ed25519' || x === undefined) throw new TypeError('not an Ed25519 key');
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  const header = segment({ alg: 'EdDSA', kid, typ: 'JWT' });
  return {
    kid,
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' },
    signJwt(claims) {
      const input = `${header}.${segment(claims)}`;
      return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
    },
  };
}

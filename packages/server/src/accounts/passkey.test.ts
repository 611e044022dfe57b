// Guarantees of passkeys: they sign in whom they were made by, on a device that checked who uses it, for this host alone.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, createWorld, PASSWORD, SESSION, settled, someEmail, totp, type World } from './world.suite.js';

const USER_PRESENT = 1;
const USER_VERIFIED = 4;
const HAS_CREDENTIAL = 64;

/** The few kinds of values that an authenticator writes, as CBOR (RFC 8949). */
function cbor(value: number | string | Buffer | Map<number | string, unknown>): Buffer {
  const head = (major: number, size: number): Buffer =>
    size < 24
      ? Buffer.from([(major << 5) | size])
      : size < 256
        ? Buffer.from([(major << 5) | 24, size])
        : Buffer.from([(major << 5) | 25, size >> 8, size & 255]);
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const members = [...value].flatMap(([name, member]) => [cbor(name), cbor(member as Buffer)]);
  return Buffer.concat([head(5, value.size), ...members]);
}

/** A device that keeps one passkey (ES256). */
class Device {
  readonly id = randomBytes(16);
  readonly #key: KeyObject;
  readonly #point: { x: Buffer; y: Buffer };
  #counter = 0;
  constructor(
    private readonly host = 'localhost',
    private readonly origin = 'http://localhost:4000',
    private readonly verifies = true,
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.#key = privateKey;
    this.#point = { x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') };
  }
  #client(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }
  #authenticatorData(more: number, credential: Buffer = Buffer.alloc(0)): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.#counter);
    const flags = USER_PRESENT | (this.verifies ? USER_VERIFIED : 0) | more;
    const host = createHash('sha256').update(this.host).digest();
    return Buffer.concat([host, Buffer.from([flags]), counter, credential]);
  }
  #answer(response: Record<string, Buffer>) {
    const texts = Object.entries(response).map(([name, bytes]) => [name, bytes.toString('base64url')]);
    const id = this.id.toString('base64url');
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response: Object.fromEntries(texts) };
  }
  register(challenge: string) {
    const key = cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, this.#point.x],
        [-3, this.#point.y],
      ]),
    );
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, key]);
    const authData = this.#authenticatorData(HAS_CREDENTIAL, credential);
    const attestationObject = cbor(
      new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    );
    return this.#answer({ clientDataJSON: this.#client('webauthn.create', challenge), attestationObject });
  }
  authenticate(challenge: string) {
    const clientDataJSON = this.#client('webauthn.get', challenge);
    const authenticatorData = this.#authenticatorData(0);
    const hash = createHash('sha256').update(clientDataJSON).digest();
    const signature = sign('sha256', Buffer.concat([authenticatorData, hash]), this.#key);
    return this.#answer({ clientDataJSON, authenticatorData, signature });
  }
}

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function register(browser: Browser, device: Device) {
  const { challenge } = (await browser.auth('/passkey/generate-register-options')).body;
  return browser.auth('/passkey/verify-registration', { response: device.register(challenge), name: 'Laptop' });
}
async function signIn(browser: Browser, device: Device) {
  const { challenge } = (await browser.auth('/passkey/generate-authenticate-options')).body;
  return browser.auth('/passkey/verify-authentication', { response: device.authenticate(challenge) });
}

describe('a passkey', () => {
  it('signs in without a password, in the place of both factors, until it is removed', async () => {
    const email = someEmail();
    const owner = await world.person(email);
    const device = new Device();
    const options = (await owner.auth('/passkey/generate-register-options')).body;
    expect(options.rp.id).toBe('localhost');
    expect(options.authenticatorSelection).toMatchObject({ userVerification: 'required', residentKey: 'required' });
    const made = await register(owner, device);
    expect(made.status).toBe(200);
    expect((await owner.auth('/passkey/list-user-passkeys')).body).toMatchObject([{ name: 'Laptop' }]);

    const browser = world.browser();
    const entered = await signIn(browser, device);
    expect(entered.status).toBe(200);
    expect(JSON.stringify(entered.body)).not.toContain(
      decodeURIComponent(browser.cookies.get(SESSION) as string).split('.')[0],
    );
    expect((await browser.get('/v1/self')).body.user.email).toBe(email);

    const [passkey] = (await owner.auth('/passkey/list-user-passkeys')).body;
    const stranger = await world.person(someEmail());
    expect((await stranger.auth('/passkey/delete-passkey', { id: passkey.id })).status).toBeGreaterThanOrEqual(400);
    expect((await signIn(world.browser(), device)).status).toBe(200);
    expect((await owner.auth('/passkey/delete-passkey', { id: passkey.id })).status).toBe(200);
    expect((await signIn(world.browser(), device)).status).toBe(401);
  });

  it('of another device, host or origin signs nobody in, nor does an answer that was used', async () => {
    const owner = await world.person(someEmail());
    const device = new Device();
    await register(owner, device);
    const browser = world.browser();
    const { challenge } = (await browser.auth('/passkey/generate-authenticate-options')).body;
    const response = device.authenticate(challenge);
    const [stolen, twice] = [world.browser(), await browser.auth('/passkey/verify-authentication', { response })];
    expect(twice.status).toBe(200);
    expect((await browser.auth('/passkey/verify-authentication', { response })).status).toBe(400);
    expect((await stolen.auth('/passkey/verify-authentication', { response })).status).toBe(400);
    expect((await signIn(world.browser(), new Device())).status).toBe(401);
    for (const wrong of [new Device('evil.example'), new Device('localhost', 'https://evil.example')]) {
      const refused = await register(owner, wrong);
      expect(refused.status).toBe(400);
      expect((await signIn(world.browser(), wrong)).status).toBe(401);
    }
  });

  it('of whoever held the link of an invitation goes, like their app, once a letter reaches the owner of the address', async () => {
    // Made where no letters were sent: the inviter has the link, and takes the account before the one it is meant for.
    const email = someEmail();
    const eve = await world.person(email);
    const { signIn: tables } = world.served.latchkey.engine.services.store;
    await tables.update('users', [{ column: 'email', operator: '=', value: email, either: false }], {
      email_proven: 0,
    });
    const device = new Device();
    await register(eve, device);
    const { totpURI } = (await eve.auth('/two-factor/enable', { password: PASSWORD })).body;
    expect((await eve.auth('/two-factor/verify-totp', { code: totp(totpURI) })).status).toBe(200);

    const newPassword = 'a password of the owner';
    const reset = async () => {
      await world.browser().auth('/request-password-reset', { email });
      await settled();
      expect(
        (await world.browser().auth('/reset-password', { token: world.tokenFor(email), newPassword })).status,
      ).toBe(200);
    };
    await reset();
    expect((await signIn(world.browser(), device)).status).toBe(401);
    const owner = world.browser();
    expect((await owner.signIn(email, newPassword)).body).toMatchObject({ user: { email, twoFactorEnabled: false } });
    // From now on the address is theirs, and so is what they set up.
    const own = new Device();
    await register(owner, own);
    await reset();
    expect((await signIn(world.browser(), own)).status).toBe(200);
  });

  it('on a device that did not check who uses it signs nobody in', async () => {
    const owner = await world.person(someEmail());
    const device = new Device('localhost', 'http://localhost:4000', false);
    await register(owner, device);
    const browser = world.browser();
    expect((await signIn(browser, device)).status).toBe(401);
    expect(browser.cookies.has(SESSION)).toBe(false);
  });
});

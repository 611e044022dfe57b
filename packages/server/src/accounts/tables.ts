// Which of our tables and columns the sign-in library's models are kept in. Names alone: what is in them it knows by itself.

import type { SignInTable } from '@latchkey/core';

/** A model's table, and those of its fields whose column is called otherwise. */
interface Place {
  modelName: SignInTable;
  fields: Readonly<Record<string, string>>;
}

const MADE = { createdAt: 'created_at', updatedAt: 'updated_at' };

export const USERS = {
  modelName: 'users',
  fields: { emailVerified: 'email_verified', twoFactorEnabled: 'two_factor_enabled', ...MADE },
} as const satisfies Place;

export const SESSIONS = {
  modelName: 'sessions',
  fields: {
    ...{ userId: 'user_id', token: 'token_hash', expiresAt: 'expires_at', ipAddress: 'ip', userAgent: 'user_agent' },
    ...MADE,
  },
} as const satisfies Place;

export const ACCOUNTS = {
  modelName: 'user_accounts',
  fields: {
    userId: 'user_id',
    providerId: 'provider_id',
    accountId: 'account_id',
    password: 'password_hash',
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    idToken: 'id_token',
    accessTokenExpiresAt: 'access_token_expires_at',
    refreshTokenExpiresAt: 'refresh_token_expires_at',
    ...MADE,
  },
} as const satisfies Place;

export const VERIFICATIONS = {
  modelName: 'verifications',
  fields: { identifier: 'identifier_hash', value: 'sealed_value', expiresAt: 'expires_at', ...MADE },
} as const satisfies Place;

export const TWO_FACTORS = {
  modelName: 'two_factors',
  fields: {
    userId: 'user_id',
    secret: 'sealed_secret',
    backupCodes: 'sealed_backup_codes',
    failedVerificationCount: 'failures',
    lockedUntil: 'locked_until',
  },
} as const satisfies Place;

export const PASSKEYS = {
  modelName: 'passkeys',
  fields: {
    userId: 'user_id',
    publicKey: 'public_key',
    credentialID: 'credential_id',
    deviceType: 'device_type',
    backedUp: 'backed_up',
    createdAt: 'created_at',
  },
} as const satisfies Place;

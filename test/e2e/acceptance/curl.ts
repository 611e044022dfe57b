// The pages' own examples and the lines that `latchkey dev` prints, run through a real shell.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ProfileName } from '../oracle.js';

const exec = promisify(execFile);

/** As they stand on the pages. Where a page has the header alone, the request that it is for is put before it. */
export const PAGE_EXAMPLES: Record<ProfileName, { command: string; host: string; key: string }> = {
  aifaceswap: {
    command: `curl -X POST https://api.example.com/v1/swaps \\
  -H "Authorization: Bearer $AIFACESWAP_API_KEY" \\
  -d '{"source_url":"https://example.com/a.jpg","target_url":"https://example.com/b.jpg"}'`,
    host: 'https://api.example.com',
    key: '$AIFACESWAP_API_KEY',
  },
  swaypi: {
    command: `curl -H "Authorization: Bearer YOUR_API_KEY" \\
  https://api.swaypi.com/v1/me`,
    host: 'https://api.swaypi.com',
    key: 'YOUR_API_KEY',
  },
  suward: {
    command: `curl -X POST https://api.suward.com/v1/payments \\
  -H "X-Api-Key: sk_live_..." \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: order_abc_1" \\
  -d '{"amount":"25.00","asset":"USDC"}'`,
    host: 'https://api.suward.com',
    key: 'sk_live_...',
  },
  textgen: {
    command: `curl -X POST https://api.example.com/v1/generate \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "prompt": "Hello, world!",
    "model": "gpt-4"
  }'`,
    host: 'https://api.example.com',
    key: 'YOUR_API_KEY',
  },
  accounts: {
    command: `curl -X GET https://api.example.com/v1/users/usr_123 \\
-H "Authorization: Bearer sk_live_abc123xyz789"`,
    host: 'https://api.example.com',
    key: 'sk_live_abc123xyz789',
  },
};

/** The page's example against another host and with a real key; the key goes through the environment, as the pages advise. */
export function pageExample(profile: ProfileName, gateway: string): string {
  const { command, host, key } = PAGE_EXAMPLES[profile];
  return command.replace(host, gateway).replace(key, '$API_KEY');
}

/** What the shell printed, and the status that curl saw. */
export async function inShell(
  script: string,
  env: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const asking = script.replace(/^( *)curl /gm, `$1curl --max-time 10 -sS -w '\\n%{http_code}' `);
  const { stdout } = await exec('sh', ['-eu', '-c', asking], { env: { ...process.env, ...env }, timeout: 20_000 });
  const lines = stdout.split('\n');
  return { status: Number(lines.pop()), body: lines.join('\n') };
}

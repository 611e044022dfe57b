// Calls that answer with a secret: run once however often they are sent, and the answer forgotten when its panel closes.

import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';

/** Nobody can guess it. `crypto.randomUUID` is missing on pages without TLS. */
function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * A mutation whose retries carry the same Idempotency-Key as long as they ask for the same, so that an answer that got lost
 * makes no second key. The result lives in this component alone: `gcTime` 0, and `reset` when it was stored.
 */
export function useSecretCall<Input, Answer>(
  call: (input: Input, options: { idempotencyKey: string }) => Promise<Answer>,
  onDone: (answer: Answer) => void,
) {
  const last = useRef<{ asked: string; idempotencyKey: string } | null>(null);
  return useMutation({
    gcTime: 0,
    mutationFn: (input: Input) => {
      const asked = JSON.stringify(input);
      if (last.current?.asked !== asked) last.current = { asked, idempotencyKey: randomName() };
      return call(input, { idempotencyKey: last.current.idempotencyKey });
    },
    onSuccess: (answer) => {
      last.current = null;
      onDone(answer);
    },
  });
}

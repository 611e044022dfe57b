// What stands in the place of an answer that is not there: grey lines while it is on its way, else why it does not come.

import { ErrorState } from './error-state';
import { Loading } from './loading';

interface WaitingProps {
  /** null: none so far. */
  error: unknown;
  onRetry: () => unknown;
  lines?: number;
}

export function Waiting({ error, onRetry, lines }: WaitingProps) {
  return error === null ? <Loading lines={lines} /> : <ErrorState error={error} onRetry={() => void onRetry()} />;
}

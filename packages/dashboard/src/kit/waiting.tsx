// What stands in the place of an answer that is not there: grey lines while it is on its way, else why it does not come.

import { ErrorState } from './error-state';
import { Loading, type LoadingProps } from './loading';

interface WaitingProps extends LoadingProps {
  /** null: none so far. */
  error: unknown;
  onRetry: () => unknown;
}

export function Waiting({ error, onRetry, ...loading }: WaitingProps) {
  return error === null ? <Loading {...loading} /> : <ErrorState error={error} onRetry={() => void onRetry()} />;
}

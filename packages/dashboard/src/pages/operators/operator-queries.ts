// What the page of operators asks for and changes.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../../data/api';

export function useOperators(enabled = true) {
  const api = useApi();
  return useQuery({ queryKey: ['operators'], queryFn: () => api.operators.list(), enabled });
}

export function useInviteOperator() {
  return useOperatorChange((api, { email }: { email: string }) => api.operators.invite({ email }));
}

/** A change of who operates: each reads the list anew. */
export function useOperatorChange<Input, Output>(
  change: (api: ReturnType<typeof useApi>, input: Input) => Promise<Output>,
) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) => change(api, input),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['operators'] }),
  });
}

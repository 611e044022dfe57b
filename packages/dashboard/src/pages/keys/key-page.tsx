// The page of one key.

import { useParams } from '@tanstack/react-router';
import { Suspense } from 'react';
import { Loading } from '../../kit/loading';
import { KeyView } from './key-view';

export function KeyPage() {
  const { keyId } = useParams({ strict: false }) as { keyId: string };
  return (
    <Suspense fallback={<Loading lines={6} />}>
      <KeyView key={keyId} keyId={keyId} />
    </Suspense>
  );
}

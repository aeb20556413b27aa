'use client';

import { useEffect } from 'react';
import { reportError } from './report';

/** Reports script errors and rejected promises that no page handled. */
export function ErrorReports() {
  useEffect(() => {
    const onError = (event: ErrorEvent) => reportError(event.error ?? event.message, 'script');
    const onRejection = (event: PromiseRejectionEvent) => reportError(event.reason, 'promise');
    window.addEventListener('error', onError);
    window.addEventListener('unhandledrejection', onRejection);
    return () => {
      window.removeEventListener('error', onError);
      window.removeEventListener('unhandledrejection', onRejection);
    };
  }, []);
  return null;
}

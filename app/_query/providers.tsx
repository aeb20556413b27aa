'use client';

import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { type ReactNode, useState } from 'react';
import type { AppRouter } from '@/server/router';
import { theme, variables } from '../_look/theme';
import { TRPCProvider } from './trpc';

const isRefused = (error: unknown): boolean =>
  error instanceof TRPCClientError && error.data !== null && error.data !== undefined;

function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // Retrying does not change a refusal; a lost connection may recover.
      queries: { staleTime: 2_000, retry: (count, error) => count < 2 && !isRefused(error) },
    },
  });
}

export function Providers({ children }: { children: ReactNode }) {
  const [queryClient] = useState(makeQueryClient);
  const [trpcClient] = useState(() =>
    createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: '/api/trpc', maxItems: 50 })] }),
  );
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
          {children}
        </TRPCProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}

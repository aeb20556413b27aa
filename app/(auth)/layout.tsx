import { Paper } from '@mantine/core';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Mark } from '../_look/mark';

export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <main className="page" id="content" style={{ maxWidth: 420, paddingTop: '8vh' }}>
      <Link href="/" className="brand" style={{ marginBottom: 24 }}>
        <Mark share={0.6} /> Hourglass
      </Link>
      <Paper withBorder p="lg">
        {children}
      </Paper>
    </main>
  );
}

import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/charts/styles.css';
import './_look/page.css';
import { ColorSchemeScript, mantineHtmlProps } from '@mantine/core';
import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import type { Metadata } from 'next';
import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { ErrorReports } from './_errors/error-reports';
import { LegalLinks } from './_look/legal-links';
import { SupportProvider } from './_look/support';
import { Providers } from './_query/providers';
import { webContext } from './_server/context';

export const metadata: Metadata = {
  title: { default: 'Hourglass', template: '%s · Hourglass' },
  description: 'Cloud workspaces with a compute quota that cannot be exceeded.',
};

/**
 * Returns the nonce by which the content security policy of this response admits scripts. Reading the headers makes
 * every page dynamic.
 */
async function readNonce(): Promise<string | undefined> {
  const policy = (await headers()).get('content-security-policy');
  return /'nonce-([\w-]+)'/.exec(policy ?? '')?.[1];
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = await readNonce();
  const { SUPPORT_EMAIL: supportEmail, TERMS_URL, PRIVACY_URL } = webContext().env;
  return (
    <html lang="en" {...mantineHtmlProps} className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <head>
        <ColorSchemeScript defaultColorScheme="auto" nonce={nonce} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
      </head>
      <body>
        <ErrorReports />
        <SupportProvider email={supportEmail}>
          <Providers>
            {children}
            <LegalLinks terms={TERMS_URL} privacy={PRIVACY_URL} />
          </Providers>
        </SupportProvider>
      </body>
    </html>
  );
}

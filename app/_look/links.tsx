'use client';

import { Anchor, type AnchorProps, Button, type ButtonProps } from '@mantine/core';
import Link from 'next/link';
import type { ReactNode } from 'react';

type To = { href: string; children: ReactNode };

/** A button that leads to a page. Pages rendered on the server cannot hand a component to a component. */
export const ButtonLink = ({ href, ...rest }: ButtonProps & To) => (
  <Button component={Link} href={href} {...rest} />
);

/** A text link to a page. */
export const TextLink = ({ href, ...rest }: AnchorProps & To) => (
  <Anchor component={Link} href={href} {...rest} />
);

'use client';

import { Anchor, type AnchorProps, Button, type ButtonProps } from '@mantine/core';
import Link from 'next/link';
import type { ReactNode } from 'react';

type To = { href: string; children: ReactNode };

/** A button that links to a page. Server components cannot pass a component as a prop, so this wraps it. */
export const ButtonLink = ({ href, ...rest }: ButtonProps & To) => (
  <Button component={Link} href={href} {...rest} />
);

/** A text link to a page. */
export const TextLink = ({ href, ...rest }: AnchorProps & To) => (
  <Anchor component={Link} href={href} {...rest} />
);

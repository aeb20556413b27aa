'use client';

import { createAuthClient } from 'better-auth/react';

export const signInClient = createAuthClient();

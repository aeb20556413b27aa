'use client';

import { createContext, type ReactNode, useContext } from 'react';

const Context = createContext<string | undefined>(undefined);

/** Returns the support address; undefined where the operator has set none. */
export const useSupportEmail = () => useContext(Context);

export const SupportProvider = ({ email, children }: { email: string | undefined; children: ReactNode }) => (
  <Context.Provider value={email}>{children}</Context.Provider>
);

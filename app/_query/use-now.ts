'use client';

import { useEffect, useState } from 'react';

/** Returns the server's time in ms, updated every second, so that countdowns do not depend on the visitor's clock. */
export function useNow(serverNow: string | undefined): number {
  const [offset, setOffset] = useState(0);
  const [now, setNow] = useState(() => (serverNow ? Date.parse(serverNow) : 0));
  useEffect(() => {
    if (serverNow) setOffset(Date.parse(serverNow) - Date.now());
  }, [serverNow]);
  useEffect(() => {
    const tick = () => setNow(Date.now() + offset);
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [offset]);
  return now;
}

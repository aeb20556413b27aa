'use client';

import { useEffect, useState } from 'react';

/** The server's time, ticking every second: countdowns follow it and not a visitor's wrong clock. */
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

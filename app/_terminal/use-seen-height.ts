import { type RefObject, useEffect } from 'react';

/** Below this height a page shows only the terminal, its tabs and its keys. */
const LOW_PX = 500;

/** Fits an element into the height that a phone's keyboard leaves of the window. */
export function useSeenHeight(room: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const seen = window.visualViewport;
    if (!seen) return;
    const follow = () => {
      room.current?.style.setProperty('--seen-height', `${seen.height}px`);
      room.current?.toggleAttribute('data-low', seen.height < LOW_PX);
    };
    follow();
    seen.addEventListener('resize', follow);
    return () => seen.removeEventListener('resize', follow);
  });
}

import type { Kind } from './files-client';

const PATHS: Record<Kind, string> = {
  folder:
    'M2 4.5A1.5 1.5 0 0 1 3.5 3h3l1.5 2h4.5A1.5 1.5 0 0 1 14 6.5v5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 11.5z',
  file: 'M4 2h5l3 3v8.5a.5.5 0 0 1-.5.5h-7a.5.5 0 0 1-.5-.5zM9 2v3h3',
  link: 'M6.5 9.5l3-3M7 4.5l1-1a2.5 2.5 0 0 1 3.5 3.5l-1 1M9 11.5l-1 1A2.5 2.5 0 0 1 4.500 9l1-1',
  other: 'M8 2.500v7M8 12v1.500',
};

/** The icon of an entry's kind; hidden from screen readers, which read the word beside it. */
export const KindIcon = ({ kind }: { kind: Kind }) => (
  <svg className="files-icon" data-kind={kind} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={PATHS[kind]} />
  </svg>
);

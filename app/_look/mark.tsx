type MarkProps = { share: number | null; size?: number; title?: string };

const TOP = { y: 4, height: 11 };
const BOTTOM = { y: 17, height: 11 };

/**
 * The logo, which is also the meter: an hourglass whose upper sand is the share of quota left. Without a quota it is
 * full.
 */
export function Mark({ share, size = 28, title }: MarkProps) {
  const left = Math.min(1, Math.max(0, share ?? 1));
  const top = TOP.height * left;
  const bottom = BOTTOM.height * (1 - left);
  const id = `mark-${size}-${Math.round(left * 1000)}`;
  return (
    <svg
      width={(size * 24) / 32}
      height={size}
      viewBox="0 0 24 32"
      role={title ? 'img' : undefined}
      aria-hidden={title ? undefined : true}
      aria-label={title}
    >
      <clipPath id={id}>
        <path d="M5 4h14v3c0 4-5 6-5.6 8.4v1.2C14 19 19 21 19 25v3H5v-3c0-4 5-6 5.6-8.4v-1.2C10 13 5 11 5 7z" />
      </clipPath>
      <g clipPath={`url(#${id})`} fill="var(--mark-sand, #c99636)">
        <rect x="4" width="16" y={TOP.y + TOP.height - top} height={top} />
        <rect x="4" width="16" y={BOTTOM.y + BOTTOM.height - bottom} height={bottom} />
        {left > 0 && left < 1 && <rect x="11.5" width="1" y="14" height="14" />}
      </g>
      <path
        d="M5 4h14v3c0 4-5 6-5.6 8.4v1.2C14 19 19 21 19 25v3H5v-3c0-4 5-6 5.6-8.4v-1.2C10 13 5 11 5 7z"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinejoin="round"
      />
      <path d="M3.5 3h17M3.5 29h17" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}

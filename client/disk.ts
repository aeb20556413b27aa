type Figures = { diskMb?: number; diskTotalMb?: number };

/** From this share on a disk is called nearly full. */
const NEARLY_FULL_SHARE = 0.9;

/** Returns the used share of a session's disk, from 0 to 1; null where it is not known. */
export function diskShare({ diskMb, diskTotalMb }: Figures): number | null {
  return diskMb === undefined || !diskTotalMb ? null : diskMb / diskTotalMb;
}

/** Whether a session's disk is at 90 % or more. */
export const isDiskNearlyFull = (figures: Figures): boolean => (diskShare(figures) ?? 0) >= NEARLY_FULL_SHARE;

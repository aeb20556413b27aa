import { diskShare, isDiskNearlyFull } from '../../client/disk';

/** Below this share of the disk the next warning is allowed again. */
const ROOM_SHARE = 0.85;

type Figures = { diskMb?: number; diskTotalMb?: number };

/** Warns once when the disk becomes nearly full, and again only after there was room. */
export class DiskWatch {
  private isTold = false;

  constructor(private readonly warn: (text: string) => void) {}

  look(figures: Figures): void {
    const share = diskShare(figures);
    if (share === null) return;
    if (share < ROOM_SHARE) this.isTold = false;
    if (this.isTold || !isDiskNearlyFull(figures)) return;
    this.isTold = true;
    const gb = (mb: number) => (mb / 1_024).toFixed(1);
    const { diskMb = 0, diskTotalMb = 0 } = figures;
    this.warn(
      `The disk is ${Math.floor(share * 100)} % full: ${gb(diskTotalMb - diskMb)} of ${gb(diskTotalMb)} GB are free. Delete what is not needed, or empty the trash in Files, before something cannot be saved.`,
    );
  }
}

/** The time that is pointed at, in all charts at once, in milliseconds since the Unix epoch. */
class Cursor {
  time: number | undefined;
  onMove: () => void = () => {};

  move(time: number | undefined): void {
    if (time === this.time) return;
    this.time = time;
    this.onMove();
  }
}

export const cursor = new Cursor();

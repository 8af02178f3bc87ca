import type { History } from '../history.ts';
import { type Colour, colour } from './colours.ts';

/** Draws how a value has changed in the last minutes, in all of a small canvas. */
export function drawSparkline(
  canvas: HTMLCanvasElement,
  history: History,
  values: readonly (number | undefined)[],
  name: Colour = 'ok',
): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext('2d');
  if (context === null || width === 0) return;
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  context.scale(scale, scale);
  const highest = Math.max(0, ...values.map((value) => value ?? 0));
  const isFlat = highest === 0;
  const most = highest || 1;
  const x = (time: number) => width - ((history.end - time) / (history.span * 1000)) * width;
  const y = (value: number) => height - 1 - (value / most) * (height - 2);
  context.strokeStyle = colour(isFlat ? 'moved' : name);
  context.lineWidth = 1.25;
  context.lineJoin = 'round';
  context.beginPath();
  let isDrawn = false;
  for (const [index, { time, isAfterGap }] of history.frames.entries()) {
    const value = values[index];
    if (value !== undefined && isDrawn && !isAfterGap) context.lineTo(x(time), y(value));
    else if (value !== undefined) context.moveTo(x(time), y(value));
    isDrawn = value !== undefined;
  }
  context.stroke();
}

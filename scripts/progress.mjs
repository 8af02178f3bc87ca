const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const green =
  process.stderr.isTTY && !process.env.NO_COLOR ? (/** @type {string} */ text) => `\x1b[32m${text}\x1b[0m` : String;
const red =
  process.stderr.isTTY && !process.env.NO_COLOR ? (/** @type {string} */ text) => `\x1b[31m${text}\x1b[0m` : String;

/** @param {number} since */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Shows on stderr that something is being done: on a terminal one line with a spinner and the seconds so far, elsewhere a plain line
 * for what takes longer than a second. It becomes `✔ title (3.2 s)`, or `✖ title` when the work throws.
 *
 * @template T
 * @param {string} title
 * @param {(say: (detail: string) => void) => Promise<T>} work may call `say` to add a detail to the line
 * @returns {Promise<T>} what the work gives
 */
export async function step(title, work) {
  const began = performance.now();
  let line = title;
  let frame = 0;
  const draw = () => process.stderr.write(`\r\x1b[2K${frames[frame++ % frames.length]} ${line} ${seconds(began)}`);
  const timer = process.stderr.isTTY
    ? setInterval(draw, 80)
    : setTimeout(() => process.stderr.write(`… ${line}\n`), 1000);
  const end = (/** @type {string} */ last) => {
    clearInterval(timer);
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[2K' : ''}${last}\n`);
  };
  try {
    const result = await work((detail) => {
      line = `${title} ${detail}`;
    });
    end(`${green('✔')} ${line} (${seconds(began)})`);
    return result;
  } catch (error) {
    end(`${red('✖')} ${line}`);
    throw error;
  }
}

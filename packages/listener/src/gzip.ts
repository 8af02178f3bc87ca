/**
 * The chunks, compressed off the main thread, at the fastest level: the labels of a page repeat so often that a higher one gains
 * little. `read` is told of each chunk that is no longer needed.
 */
export async function* gzipped(
  chunks: AsyncIterable<Uint8Array>,
  read: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, void> {
  // Loaded by the first scrape that wants it: an agent that starts has no need of it.
  const { createGzip } = await import('node:zlib');
  const gzip = createGzip({ level: 1, chunkSize: 64 * 1024 });
  const feed = async () => {
    for await (const chunk of chunks) {
      if (chunk.length === 0) continue;
      await new Promise<void>((resolve, reject) => {
        gzip.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
      read(chunk);
    }
    gzip.end();
  };
  feed().catch((error: Error) => gzip.destroy(error));
  yield* gzip as AsyncIterable<Uint8Array>;
}

/** A line holds one piece of output, which base64 makes larger. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** Yields the lines of a body as they arrive. Throws for a line beyond the limit. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MOST_CHARACTERS) throw new Error('a line has no end');
    yield* lines.filter((line) => line !== '');
  }
}

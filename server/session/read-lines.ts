/** A line is a piece of output, a few times larger in base64. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** The lines of a body as they come. Throws for a line without end. */
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

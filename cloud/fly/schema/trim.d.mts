/** Returns the description with paths, request bodies and the schemas they reach, and nothing else. */
export function trimDescription(spec: object): object;

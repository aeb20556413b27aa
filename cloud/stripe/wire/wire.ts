import type { Json } from '../schema/fill';
import { Failure } from '../store/failure';

export type FormValue = string | FormTree;
export interface FormTree {
  [key: string]: FormValue;
}

/** Parses `a[b][0]=c` pairs into a tree of strings. Throws a Failure for a malformed key. */
export function readForm(text: string): FormTree {
  const tree: FormTree = {};
  for (const [key, value] of new URLSearchParams(text)) place(tree, key, value);
  return tree;
}

function place(tree: FormTree, key: string, value: string): void {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(key);
  const bad = () =>
    new Failure(
      400,
      { type: 'invalid_request_error', message: `Invalid parameter name: ${key}`, param: key },
      true,
    );
  if (!match?.[1]) throw bad();
  const path = [match[1], ...[...(match[2] ?? '').matchAll(/\[([^\]]*)\]/g)].map((part) => part[1] ?? '')];
  let at = tree;
  path.forEach((raw, index) => {
    // `a[]=x` appends.
    const name = raw === '' ? String(Object.keys(at).length) : raw;
    if (['__proto__', 'constructor', 'prototype'].includes(name)) throw bad();
    if (index === path.length - 1) {
      at[name] = value;
      return;
    }
    const next = at[name] ?? {};
    if (typeof next === 'string') throw bad();
    at[name] = next;
    at = next;
  });
}

/** Returns the response body of a refusal. */
export function errorBody(failure: Failure, requestId: string): Json {
  return { error: { ...failure.error, request_log_url: `http://localhost/requests/${requestId}` } };
}

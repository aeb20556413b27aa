'use client';

import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { tellProblem } from '../_query/tell-problem';
import { refusalOf, useTRPCClient } from '../_query/trpc';
import { FilesClient, FilesRefusal } from './files-client';
import { Uploads } from './uploads';

/** The visible panel is refreshed this often, to show what programs change. */
const REFRESH_MS = 10_000;

/** Returns the error of a request as a sentence. */
export const sentenceOf = (error: unknown): string =>
  error instanceof FilesRefusal ? error.message : refusalOf(error).message;

/** Returns the files of a session and its uploads, for as long as the page is open. */
export function useFiles(sessionId: string) {
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const made = useMemo(() => {
    const files = new FilesClient(client, sessionId);
    const refresh = () => void queryClient.invalidateQueries({ queryKey: ['files', sessionId] });
    const uploads = new Uploads({
      sessionId,
      connect: () => files.connect(),
      forget: () => files.forget(),
      onArrived: refresh,
    });
    return { files, uploads, refresh };
  }, [client, queryClient, sessionId]);
  useEffect(() => {
    const { uploads } = made;
    const warn = (event: BeforeUnloadEvent) => {
      if (uploads.isBusy) event.preventDefault();
    };
    window.addEventListener('beforeunload', warn);
    return () => {
      window.removeEventListener('beforeunload', warn);
      uploads.stop();
    };
  }, [made]);
  return made;
}

export type Files = ReturnType<typeof useFiles>;

export const useUploads = (uploads: Uploads) =>
  useSyncExternalStore(uploads.subscribe, uploads.items, uploads.items);

/** Returns the entries of one folder, page by page. */
export function useFolder({ files }: Files, sessionId: string, path: string, isShown: boolean) {
  return useInfiniteQuery({
    queryKey: ['files', sessionId, path],
    queryFn: ({ pageParam }) => files.list(path, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled: isShown,
    refetchInterval: REFRESH_MS,
    retry: (count, error) => count < 2 && !(error instanceof FilesRefusal),
  });
}

/** Runs a change to files, shows its error, and refreshes the folder. Returns whether it succeeded. */
export async function change({ refresh }: Files, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    tellProblem(sentenceOf(error));
    return false;
  } finally {
    refresh();
  }
}

'use client';

import { LanguageDescription } from '@codemirror/language';
import { languages } from '@codemirror/language-data';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { oneDark } from '@codemirror/theme-one-dark';
import { keymap } from '@codemirror/view';
import { Alert, Button, Group, Text, useComputedColorScheme } from '@mantine/core';
import { basicSetup, EditorView } from 'codemirror';
import { useEffect, useRef, useState } from 'react';
import { FilesRefusal } from './files-client';
import { sentenceOf } from './use-files';

type Props = {
  name: string;
  text: string;
  etag: string;
  isReadOnly: boolean;
  /** Writes if the file still has this ETag, or in any case with null; returns the new ETag. */
  save: (text: string, etag: string | null) => Promise<string>;
  onSaved: () => void;
  onChanged: (isChanged: boolean) => void;
  onReload: () => void;
};

/** Edits a small text file. Line endings are kept; a change that a program made meanwhile is overwritten only on request. */
export function TextEditor(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const isDark = useComputedColorScheme('light') === 'dark';
  const editor = useEditor(props, place, isDark);
  return (
    <>
      <div ref={place} className="files-editor" />
      {editor.problem && (
        <Alert color="red" mt="xs" role="alert">
          <Text size="sm">{editor.problem.message}</Text>
          {editor.problem.isStale && (
            <Group mt="xs" gap="xs">
              <Button size="xs" variant="default" onClick={props.onReload}>
                Open the file as it is now
              </Button>
              <Button size="xs" color="red.9" onClick={() => void editor.save(true)}>
                Overwrite it
              </Button>
            </Group>
          )}
        </Alert>
      )}
      {!props.isReadOnly && (
        <Group justify="flex-end" mt="xs">
          <Text size="sm" c="dimmed" role="status">
            {editor.isChanged ? 'Not saved' : editor.isSaved ? 'Saved' : ''}
          </Text>
          <Button
            size="sm"
            loading={editor.isBusy}
            disabled={!editor.isChanged}
            onClick={() => void editor.save(false)}
          >
            Save
          </Button>
        </Group>
      )}
    </>
  );
}

type Problem = { message: string; isStale: boolean };

function useEditor(props: Props, place: React.RefObject<HTMLDivElement | null>, isDark: boolean) {
  const view = useRef<EditorView | null>(null);
  const mark = useRef(props.etag);
  const latest = useRef(props);
  latest.current = props;
  const [isChanged, setChanged] = useState(false);
  const [isSaved, setSaved] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const tell = (changed: boolean) => {
    setChanged(changed);
    latest.current.onChanged(changed);
  };
  async function save(isForced: boolean) {
    const open = view.current;
    if (!open) return;
    const saved = open.state.doc;
    setBusy(true);
    setProblem(null);
    try {
      const text = saved.toString().replaceAll('\n', lineEndOf(props.text));
      mark.current = await latest.current.save(text, isForced ? null : mark.current);
      tell(!open.state.doc.eq(saved));
      setSaved(true);
      latest.current.onSaved();
    } catch (error) {
      const isStale = error instanceof FilesRefusal && error.reason === 'CHANGED';
      setProblem({ message: sentenceOf(error), isStale });
    } finally {
      setBusy(false);
    }
  }
  const saveNow = useRef(save);
  saveNow.current = save;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an editor belongs to one file and one colour scheme
  useEffect(() => {
    const text = view.current?.state.doc.toString() ?? props.text;
    const opened = openEditor(
      place.current as HTMLDivElement,
      { ...props, text, isDark },
      () => {
        tell(true);
      },
      () => void saveNow.current(false),
    );
    view.current = opened;
    return () => opened.destroy();
  }, [isDark, props.text]);
  return { save, isChanged, isSaved, isBusy, problem };
}

/** Returns the line ending of a text, because the editor uses `\n` only. */
const lineEndOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

type Opened = Pick<Props, 'name' | 'text' | 'isReadOnly'> & { isDark: boolean };

function openEditor(
  place: HTMLElement,
  { name, text, isReadOnly, isDark }: Opened,
  onChange: () => void,
  onSave: () => void,
) {
  const language = new Compartment();
  const run = () => {
    onSave();
    return true;
  };
  const editor = new EditorView({
    parent: place,
    doc: text,
    extensions: [
      basicSetup,
      Prec.highest(keymap.of([{ key: 'Mod-s', run, preventDefault: true }])),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': `Content of ${name}` }),
      EditorState.readOnly.of(isReadOnly),
      language.of([]),
      EditorView.updateListener.of(({ docChanged }) => docChanged && onChange()),
      isDark ? oneDark : [],
    ],
  });
  void LanguageDescription.matchFilename(languages, name)
    ?.load()
    .then((support) => editor.dispatch({ effects: language.reconfigure(support) }))
    .catch(() => {});
  editor.focus();
  return editor;
}

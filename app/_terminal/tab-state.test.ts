import { describe, expect, it } from 'vitest';
import { addTab, beginTabs, closeTab, hearTabs, moveTab, renameTab, storedTabs } from './tab-state';

const numbers = ({ tabs }: { tabs: { tab: number }[] }) => tabs.map(({ tab }) => tab);

describe('the tabs of a page', () => {
  it('SESSION-110 one that is opened here stays while the machine does not know it, and goes when it is closed elsewhere', () => {
    let state = addTab(beginTabs(null, 'run'));
    expect(numbers(state)).toEqual([1, 2]);
    state = hearTabs(state, [{ tab: 1, name: 'server' }]);
    expect(state).toMatchObject({
      tabs: [{ tab: 1, name: 'server' }, { tab: 2 }],
      current: 2,
      isShared: true,
    });
    state = hearTabs(state, [{ tab: 1 }, { tab: 2 }]);
    state = hearTabs(state, [{ tab: 1 }]);
    expect(state).toMatchObject({ tabs: [{ tab: 1 }], current: 1 });
  });

  it('SESSION-110 one that is closed here stays away, and its number is not used before the machine has let go of it', () => {
    let state = hearTabs(beginTabs(null, 'run'), [{ tab: 1 }, { tab: 2 }, { tab: 3 }]);
    state = closeTab({ ...state, current: 2 }, 2);
    expect(state).toMatchObject({ current: 1, closing: [2] });
    state = addTab(hearTabs(state, [{ tab: 1 }, { tab: 2 }, { tab: 3 }]));
    expect(numbers(state)).toEqual([1, 3, 4]);
    state = addTab(hearTabs(state, [{ tab: 1 }, { tab: 3 }, { tab: 4 }]));
    expect(numbers(state)).toEqual([1, 3, 4, 2]);
    for (const { tab } of state.tabs.slice(1)) state = closeTab(state, tab);
    expect(numbers(closeTab(state, 1))).toEqual([1]);
  });

  it('SESSION-110 tabs are named, moved, and come back after a reload of the same run alone', () => {
    let state = hearTabs(beginTabs(null, 'run'), [{ tab: 1 }, { tab: 2 }, { tab: 3 }]);
    state = renameTab(moveTab(state, 3, 0), 3, ' logs ');
    expect(state.tabs).toEqual([{ tab: 3, name: 'logs' }, { tab: 1 }, { tab: 2 }]);
    for (const to of [-1, 3]) expect(moveTab(state, 1, to)).toBe(state);
    expect(renameTab(state, 3, ' ').tabs[0]).toEqual({ tab: 3 });
    expect(beginTabs(storedTabs(state, 'run'), 'run').tabs).toEqual(state.tabs);
    expect(beginTabs(storedTabs(state, 'run'), 'the next').tabs).toEqual([{ tab: 1 }]);
    for (const stored of ['', '3', '{}', '{"run":"run","tabs":[],"current":1}'])
      expect(numbers(beginTabs(stored, 'run'))).toEqual([1]);
    for (let i = 0; i < 9; i++) state = addTab(state);
    expect(state.tabs).toHaveLength(6);
  });
});

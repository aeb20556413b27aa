import { notifications } from '@mantine/notifications';

/** A small notice in the corner for something that did not work. */
export const tellProblem = (message: string): void => {
  notifications.show({ color: 'red', title: 'This did not work', message });
};

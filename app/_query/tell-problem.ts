import { notifications } from '@mantine/notifications';

/** Shows an error as a notification. */
export const tellProblem = (message: string): void => {
  notifications.show({ color: 'red', title: 'This did not work', message });
};

import type { Route } from './route';
import { appRoutes } from './routes-apps';
import { leaseRoutes } from './routes-leases';
import { machineRoutes } from './routes-machines';
import { metadataRoutes } from './routes-metadata';
import { orgRoutes } from './routes-org';
import { volumeRoutes } from './routes-volumes';

const routes: Route[] = [
  ...appRoutes,
  ...machineRoutes,
  ...metadataRoutes,
  ...leaseRoutes,
  ...volumeRoutes,
  ...orgRoutes,
];

/** Returns the route of a request and its path parameters, or null for an unknown path or method. */
export function findRoute(
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | null {
  const segments = path.split('/').map(decode);
  for (const route of routes) {
    const wanted = route.path.split('/');
    if (route.method !== method || wanted.length !== segments.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((part, i) => {
      if (part.startsWith(':')) params[part.slice(1)] = segments[i] as string;
      return part.startsWith(':') || part === segments[i];
    });
    if (fits) return { route, params };
  }
  return null;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

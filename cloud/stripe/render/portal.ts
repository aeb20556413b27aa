import type { PortalConfigurationRecord, PortalSessionRecord } from '../records';
import { fill, type Json } from '../schema/fill';
import type { World } from '../world';

export function renderPortalConfiguration(configuration: Readonly<PortalConfigurationRecord>): Json {
  return fill('billing_portal.configuration', {
    ...configuration,
    login_page: { enabled: false, url: null },
  });
}

export function renderPortalSession(world: World, session: Readonly<PortalSessionRecord>): Json {
  return fill('billing_portal.session', { ...session, url: `${world.baseUrl}/p/session/${session.id}` });
}

import { fill, type Json } from '../schema/fill';
import type { PortalConfigurationRecord, PortalSessionRecord } from '../store/records';
import type { World } from '../store/world';

export function renderPortalConfiguration(configuration: Readonly<PortalConfigurationRecord>): Json {
  return fill('billing_portal.configuration', {
    ...configuration,
    login_page: { enabled: false, url: null },
  });
}

export function renderPortalSession(world: World, session: Readonly<PortalSessionRecord>): Json {
  return fill('billing_portal.session', { ...session, url: `${world.baseUrl}/p/session/${session.id}` });
}

/** The supported regions: code, name and place. */
export const regions: Array<[code: string, name: string, geo: string, latitude: number, longitude: number]> =
  [
    ['ams', 'Amsterdam, Netherlands', 'europe', 52.37, 4.9],
    ['arn', 'Stockholm, Sweden', 'europe', 59.65, 17.92],
    ['bom', 'Mumbai, India', 'asia_pacific', 19.09, 72.87],
    ['cdg', 'Paris, France', 'europe', 48.86, 2.35],
    ['dfw', 'Dallas, Texas (US)', 'north_america', 32.78, -96.8],
    ['ewr', 'Secaucus, NJ (US)', 'north_america', 40.79, -74.06],
    ['fra', 'Frankfurt, Germany', 'europe', 50.12, 8.68],
    ['gru', 'Sao Paulo, Brazil', 'south_america', -23.55, -46.63],
    ['iad', 'Ashburn, Virginia (US)', 'north_america', 39.02, -77.46],
    ['jnb', 'Johannesburg, South Africa', 'africa', -26.2, 28.04],
    ['lax', 'Los Angeles, California (US)', 'north_america', 34.05, -118.24],
    ['lhr', 'London, United Kingdom', 'europe', 51.5, -0.13],
    ['nrt', 'Tokyo, Japan', 'asia_pacific', 35.62, 139.75],
    ['ord', 'Chicago, Illinois (US)', 'north_america', 41.88, -87.63],
    ['sin', 'Singapore, Singapore', 'asia_pacific', 1.3, 103.86],
    ['sjc', 'San Jose, California (US)', 'north_america', 37.35, -121.96],
    ['syd', 'Sydney, Australia', 'asia_pacific', -33.87, 151.21],
    ['yyz', 'Toronto, Canada', 'north_america', 43.65, -79.38],
  ];

/** Returns the first region of a priority list that exists, or null. */
export function pickRegion(list: string | undefined): string | null {
  for (const wanted of (list ?? 'iad').split(',')) {
    const code = wanted.trim();
    if (code === 'any') return 'iad';
    if (regions.some(([known]) => known === code)) return code;
    const inside = { us: 'iad', eu: 'fra' }[code];
    if (inside) return inside;
  }
  return null;
}

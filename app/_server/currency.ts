/** The euro countries. Visitors from countries not listed here pay in dollars. */
const EURO = 'AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK';
const CURRENCY_OF: Record<string, string> = {
  GB: 'gbp',
  CH: 'chf',
  LI: 'chf',
  ...Object.fromEntries(EURO.split(' ').map((country) => [country, 'eur'])),
};

/**
 * Returns the currency of a visitor, from the first language of the browser; undefined when it names no known country.
 */
export function visitorCurrency(headers: Headers): string | undefined {
  const first = headers.get('accept-language')?.split(',')[0]?.split(';')[0]?.trim();
  if (!first || first === '*') return undefined;
  try {
    const locale = new Intl.Locale(first);
    return CURRENCY_OF[locale.region ?? locale.maximize().region ?? ''];
  } catch {
    return undefined;
  }
}

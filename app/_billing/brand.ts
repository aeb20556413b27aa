/** Returns `Visa` for `visa`: the payment provider writes brands in lower case. */
export const brandText = (brand: string): string => brand.charAt(0).toUpperCase() + brand.slice(1);

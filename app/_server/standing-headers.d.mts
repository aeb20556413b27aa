export const STANDING_HEADERS: Record<string, string>;
export const API_HEADERS: Record<string, string>;

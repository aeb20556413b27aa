export const dynamic = 'force-dynamic';

/** 200 while the process runs. */
export const GET = (): Response => new Response('ok\n');

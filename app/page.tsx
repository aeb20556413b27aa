import { Group, Text, Title } from '@mantine/core';
import { VisitorNote } from './_billing/visitor-note';
import { ProductPreview } from './_landing/product-preview';
import { ButtonLink } from './_look/links';
import { Mark } from './_look/mark';
import { PublicBar } from './_look/public-bar';
import { PlanCards } from './_plans/plan-cards';
import { findPerson } from './_server/person';

export const dynamic = 'force-dynamic';

export default async function Landing() {
  const signedIn = (await findPerson()) !== null;
  return (
    <>
      <PublicBar signedIn={signedIn} />
      <main className="page" id="content">
        <Group align="center" gap={40} py={48} wrap="wrap">
          <Mark share={0.62} size={140} title="An hourglass, a good half of its sand left" />
          <div style={{ flex: '1 1 320px' }}>
            <Title order={1} style={{ textWrap: 'balance' }}>
              Cloud workspaces that never run past your quota, and never lose a second you paid for.
            </Title>
            <Text size="lg" c="dimmed" my="md">
              A machine with a terminal and your files, in seconds. Time is reserved before it is used,
              counted to the millisecond, and sessions stop cleanly when it is used up.
            </Text>
            <Group>
              <ButtonLink href={signedIn ? '/dashboard' : '/sign-up'} size="md">
                {signedIn ? 'Go to your sessions' : 'Start for free'}
              </ButtonLink>
              <ButtonLink href="/plans" size="md" variant="default">
                See the plans
              </ButtonLink>
            </Group>
          </div>
        </Group>
        <ProductPreview />
        <Title order={2} size="h4" mt={48} mb="md">
          Plans
        </Title>
        <PlanCards signedIn={signedIn} headings={3} />
        <div style={{ height: 16 }} />
        <VisitorNote />
      </main>
    </>
  );
}

import { formatDay, formatMoney } from '../invoices/money';
import { amountDue, discountOf, taxAmount } from '../store/invoice-sums';
import type { PageAnswer, PageCall } from './handle';

/** `/i/:id/pdf`: the invoice as a one-page PDF. */
export function invoicePdf({ world, id }: PageCall): PageAnswer {
  const invoice = world.need('invoices', id, 'invoice');
  const customer = world.store.read('customers', invoice.customer);
  const money = (amount: number) => formatMoney(amount, invoice.currency);
  return {
    pdf: onePage([
      'TEST PAYMENTS - no money moved',
      '',
      `Invoice ${invoice.number ?? ''}`,
      `Date: ${formatDay(invoice.created)}`,
      `To: ${customer?.name ?? ''} ${customer?.email ?? ''}`,
      ...Object.values(customer?.address ?? {}).flatMap((part) => (part ? [String(part)] : [])),
      ...world.store
        .all('taxIds')
        .flatMap((taxId) => (taxId.customer === invoice.customer ? [`Tax id: ${taxId.value}`] : [])),
      '',
      ...invoice.lines.map((line) => `${line.description}: ${money(line.amount)}`),
      '',
      ...(invoice.discount ? [`Discount: -${money(discountOf(invoice))}`] : []),
      ...(invoice.tax ? [`Tax (${invoice.tax.percentage} %, included): ${money(taxAmount(invoice))}`] : []),
      `Amount due: ${money(amountDue(invoice))}`,
      `Status: ${invoice.status}`,
    ]),
  };
}

function onePage(lines: string[]): Buffer {
  const safe = (text: string) =>
    text
      .replace(/×/g, 'x')
      .replace(/[^\x20-\xff]/g, '?')
      .replace(/[\\()]/g, '\\$&');
  const text = `BT /F1 11 Tf 56 780 Td 16 TL ${lines.map((line) => `(${safe(line)}) Tj T*`).join(' ')} ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    `<< /Length ${Buffer.byteLength(text, 'latin1')} >>\nstream\n${text}\nendstream`,
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}

import type { Export } from '@runfleet/exports';
import { type ExportAnswer, formatUnixSeconds, type WireExport } from '@runfleet/protocol';

export function exportWire(of: Export, { apiUrl }: { apiUrl: string }): WireExport {
  return {
    id: of.id,
    type: of.kind,
    format: of.format,
    from: formatUnixSeconds(of.fromMoment),
    to: formatUnixSeconds(of.untilMoment),
    status: of.state,
    rowsdone: String(of.rowsDone),
    rowstotal: String(of.rowsTotal),
    sizebytes: String(of.sizeBytes),
    error: of.error,
    url: of.state === 'finished' ? `${apiUrl}/Export/Download/${of.id}` : '',
    createtime: formatUnixSeconds(of.createdAt),
    endtime: formatUnixSeconds(of.endedAt),
    expiretime: formatUnixSeconds(of.expiresAt),
  };
}

export function exportAnswer(of: Export, settings: { apiUrl: string }): ExportAnswer {
  return { errors: [], export: exportWire(of, settings), result: true };
}

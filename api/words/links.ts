/** Page of a request. */
export function requestHref(requestId: string): string {
  return `/requests/${encodeURIComponent(requestId)}`;
}

export function alertHref(alertKey: string): string {
  return `/alerts/${encodeURIComponent(alertKey)}`;
}

export function imageHref(imageId: string): string {
  return `/images/${encodeURIComponent(imageId)}`;
}

export function previewHref(imageId: string): string {
  return `/api/images/${encodeURIComponent(imageId)}.png`;
}

export function fitsHref(imageId: string): string {
  return `/api/images/${encodeURIComponent(imageId)}.fits`;
}

export function scheduleHref(scheduleId: number): string {
  return `/schedule/${scheduleId}`;
}

/** History of a workflow in the Temporal UI, which has no login and listens on this machine only. */
export function workflowHref(
  settings: { readonly temporalUiPort: number; readonly temporalNamespace: string },
  workflowId: string,
): string {
  const namespace = encodeURIComponent(settings.temporalNamespace);
  return `http://127.0.0.1:${settings.temporalUiPort}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
}

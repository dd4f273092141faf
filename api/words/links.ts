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

/** @param view `quicklook` or `final`; the raw frame when left out */
export function previewHref(imageId: string, view?: string): string {
  return withView(`/api/images/${encodeURIComponent(imageId)}.png`, view);
}

export function fitsHref(imageId: string, view?: string): string {
  return withView(`/api/images/${encodeURIComponent(imageId)}.fits`, view);
}

function withView(address: string, view: string | undefined): string {
  return view === undefined || view === "raw" ? address : `${address}?view=${view}`;
}

/** Page of a master frame. */
export function masterHref(masterId: string): string {
  return `/calibrations/masters/${encodeURIComponent(masterId)}`;
}

export function scheduleHref(scheduleId: number): string {
  return `/schedule/${scheduleId}`;
}

/** History of a workflow in the Temporal UI. */
export function workflowHref(
  settings: { readonly temporalUiUrl: string; readonly temporalNamespace: string },
  workflowId: string,
): string {
  const namespace = encodeURIComponent(settings.temporalNamespace);
  return `${settings.temporalUiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
}

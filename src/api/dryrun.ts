/** Whether a request asks what a change would do, and for nothing to be done. @param query as its schema made it */
export function isDryRun(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'dryRun' in query && query.dryRun === true
}

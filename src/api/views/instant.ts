/** Milliseconds since 1970 as RFC 3339 text in UTC. */
export function instantText(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** Of a node that has nothing to say of itself. */
export const BARE_REPORT = {
  addresses: [],
  mtu: 1_500,
  ports: new Map(),
  relays: [],
  device: 'memory' as const,
  version: '',
  seenFrom: undefined,
}

/** What a value in JSON can be, as far as events have it. */
type Kind = 'whole' | 'text' | 'list' | 'object' | 'switch'

/** By the name of a field: it is of one kind in all events that have it. */
const KINDS: Readonly<Record<string, Kind>> = Object.freeze({
  ...kind('whole', ['epoch', 'at', 'expiresAt', 'uses', 'nodePrefixLength', 'slot', 'keyVersion']),
  ...kind('text', ['type', 'id', 'node', 'network', 'project', 'name', 'hash', 'person', 'reason', 'url']),
  ...kind('text', ['publicKey', 'sealingKey', 'sealedKey', 'wrappedSeed', 'certificate', 'wrappedSecret']),
  ...kind('text', ['wrappedCertificateKey', 'ipv4', 'ipv6']),
  ...kind('list', ['networks', 'nodes', 'roles', 'scopes', 'events']),
  ...kind('object', ['labels', 'policy']),
  ...kind('switch', ['enabled']),
})

/**
 * The name of the first field of an event that is not of its kind, `event` when it is none at all; undefined: it can be
 * folded. For events that another program may have written, whatever their hashes say.
 */
export function misshapen(event: unknown): string | undefined {
  if (!(isObject(event) && 'type' in event)) return 'event'
  if (event.type === 'epoch-raised' && !('epoch' in event)) return 'epoch'
  return Object.entries(event).find(([name, value]) => !isOf(KINDS[name], value))?.[0]
}

function isOf(wanted: Kind | undefined, value: unknown): boolean {
  switch (wanted) {
    case undefined:
      return true
    case 'whole':
      return Number.isSafeInteger(value) && Number(value) >= 0
    case 'text':
      return typeof value === 'string'
    case 'list':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'switch':
      return typeof value === 'boolean'
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kind(one: Kind, names: readonly string[]): Record<string, Kind> {
  return Object.fromEntries(names.map((name) => [name, one]))
}

import { lookup as resolve } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { type Cidr, contains, parseAddress, parseCidr } from '../../address/cidr.ts'
import { WeftError } from '../../errors.ts'
import { scopeOf } from '../../topology/scope.ts'

/** What the operator of the controller lets webhooks reach besides public addresses over TLS. */
export interface TargetSettings {
  readonly webhookRanges: readonly string[]
  readonly webhookPlainHttp: boolean
}

/** Global by their form, but not somebody's to be called there; 6to4 and Teredo have other addresses inside. */
const SPECIAL: readonly Cidr[] = [
  '192.0.2.0/24', // documentation, RFC 5737
  '192.88.99.0/24', // 6to4 relays, RFC 7526
  '198.18.0.0/15', // benchmarks, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '2001::/23', // protocol assignments, Teredo among them, RFC 2928
  '2001:db8::/32', // documentation, RFC 3849
  '2002::/16', // 6to4, RFC 3056
].map((text) => parseCidr(text))

/** Throws `invalid-input` for a URL to which nothing is ever sent. Names are looked up when something is sent. */
export function assertUsableUrl(text: string, settings: TargetSettings): void {
  const why = refusal(text, settings)
  if (why === undefined) return
  throw new WeftError('invalid-input', `The URL cannot be that of a webhook: ${why}.`, {
    field: 'url',
    advice: 'Give one like https://hooks.example.org/weft, at a public address.',
  })
}

function refusal(text: string, settings: TargetSettings): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.hostname === '') return 'it is none'
  const isPlain = url.protocol === 'http:' && settings.webhookPlainHttp
  if (url.protocol !== 'https:' && !isPlain) return 'it must begin with https://'
  if (url.username || url.password) return 'it must not hold a password'
  const host = hostOf(url)
  if (isIP(host) && !isPermitted(host, settings)) return 'its address is not public'
  return undefined
}

/** The host of a URL as a resolver takes it. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

/**
 * Whether something may be sent to an address: a public one, or one in the ranges of the settings. What is private could be
 * a service beside the controller that trusts whoever reaches it.
 */
export function isPermitted(text: string, { webhookRanges }: Pick<TargetSettings, 'webhookRanges'>): boolean {
  try {
    const address = parseAddress(text)
    if (webhookRanges.some((range) => contains(parseCidr(range), address))) return true
    return scopeOf(address) === 'global' && !SPECIAL.some((range) => contains(range, address))
  } catch {
    return false
  }
}

/** Looks names up as usual, and gives out only addresses that are permitted: what is connected to is what was checked. */
export function permittedLookup(settings: TargetSettings): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const permitted = found.filter(({ address }) => isPermitted(address, settings))
      const [first] = permitted
      if (!first) return callback(new RefusedAddress(), '')
      if (options.all) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }
}

/** The name of a receiver leads to no address that is permitted. */
export class RefusedAddress extends Error {
  constructor() {
    super('its name leads to no public address')
  }
}
